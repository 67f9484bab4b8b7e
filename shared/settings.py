"""What every service is told by its environment. Read in `__main__` only."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationInvalid

B = TypeVar("B", bound=BaseSettings)


def read_settings(read: Callable[[], B]) -> B:
    """What the environment says. Raises ConfigurationInvalid, which names every wrong variable.

    Values stay unsaid: among them are secrets.
    """
    try:
        return read()
    except ValidationError as error:
        prefix = getattr(read, "model_config", {}).get("env_prefix", "PATCHBAY_")
        wrong = [f"{_variable(prefix, each['loc'][0])}: {each['msg']}" for each in error.errors()]
        raise ConfigurationInvalid("\n".join(wrong)) from None


def _variable(prefix: str, field: int | str) -> str:
    return str(field) if str(field).startswith(prefix) else f"{prefix}{field}".upper()


class ServiceSettings(BaseSettings):
    """`PATCHBAY_*` variables common to all services; each service adds its own.

    `log` is `kafka://host:port,host:port` or `sqlite:///path/to/file`; `shards` is the number of
    partitions of every topic and must never change on one log. `grace_seconds` bounds a drain: the
    pod's termination grace must be longer.
    """

    model_config = SettingsConfigDict(env_prefix="PATCHBAY_", extra="ignore", frozen=True)

    config: Path = Path("patchbay.yaml")
    log: str = "sqlite:///var/patchbay.db"
    redis_url: str = "redis://127.0.0.1:6379/0"
    shards: Annotated[int, Field(ge=1, le=1024)] = 64
    instance: str = ""
    listen_host: str = "127.0.0.1"
    private_host: str = "127.0.0.1"
    private_port: Annotated[int, Field(ge=0, le=65535)] = 9090
    grace_seconds: Annotated[float, Field(gt=0)] = 25
    log_level: str = "INFO"
    log_format: str = "json"

    def role(self, service: str) -> str:
        """What this process calls itself: who does a part of a service's work says which."""
        return service


class KafkaAccess(BaseSettings):
    """`PATCHBAY_KAFKA_*`: how a cluster that is not open to everybody is entered.

    A `username` turns SASL on; with `tls`, `ca_file` names the authorities to trust and `cert_file`
    and `key_file` our own certificate. `replicas` is for `patchbay topics create`.
    """

    model_config = SettingsConfigDict(env_prefix="PATCHBAY_KAFKA_", extra="ignore", frozen=True)

    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str = ""
    password: str = Field("", repr=False)
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    replicas: int | None = None
