"""What the ingest service is told by its environment, as `PATCHBAY_INGEST_*`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """`channel` is one channel's name, `commerce`, or `all`.

    `spool` is a folder on a disk that survives the process: there wait the events of providers that
    do not redeliver, while the log is away. `smtp_certificate` and `smtp_key` are PEM files for
    STARTTLS, `mail_workers` the processes that read mails. Times are in seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix="PATCHBAY_", extra="ignore", frozen=True, populate_by_name=True
    )

    channel: str = Field("all", validation_alias="PATCHBAY_INGEST_CHANNEL")
    port: Annotated[int, Field(ge=0, le=65535, validation_alias="PATCHBAY_INGEST_PORT")] = 8080
    smtp_port: Annotated[
        int, Field(ge=0, le=65535, validation_alias="PATCHBAY_INGEST_SMTP_PORT")
    ] = 2525
    lmtp_port: Annotated[
        int | None, Field(ge=0, le=65535, validation_alias="PATCHBAY_INGEST_LMTP_PORT")
    ] = None
    smtp_hostname: str = Field("patchbay", validation_alias="PATCHBAY_INGEST_SMTP_HOSTNAME")
    smtp_certificate: Path | None = Field(None, validation_alias="PATCHBAY_INGEST_SMTP_CERTIFICATE")
    smtp_key: Path | None = Field(None, validation_alias="PATCHBAY_INGEST_SMTP_KEY")
    smtp_connections: Annotated[
        int, Field(ge=1, validation_alias="PATCHBAY_INGEST_SMTP_CONNECTIONS")
    ] = 100
    mail_workers: Annotated[
        int, Field(ge=1, le=64, validation_alias="PATCHBAY_INGEST_MAIL_WORKERS")
    ] = 2
    spool: Path = Field(Path("var/spool"), validation_alias="PATCHBAY_INGEST_SPOOL")
    connections: int = Field(2000, validation_alias="PATCHBAY_INGEST_CONNECTIONS")
    header_seconds: float = Field(15, validation_alias="PATCHBAY_INGEST_HEADER_SECONDS")
    body_seconds: float = Field(10, validation_alias="PATCHBAY_INGEST_BODY_SECONDS")
    remember_days: Annotated[
        float, Field(ge=8, le=13, validation_alias="PATCHBAY_INGEST_REMEMBER_DAYS")
    ] = 9

    def role(self, service: str) -> str:
        return f"{service}-{self.channel}"
