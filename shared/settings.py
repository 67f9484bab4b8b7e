"""What every service is told by its environment. Read in `__main__` only."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationInvalid

B = TypeVar("B", bound=BaseSettings)

ROLES = tuple(f"PATCHBAY_{role}_" for role in ("API", "ENGINE", "INGEST", "NOTIFIER", "VIEW"))
"""What the variables begin with that only one role reads."""

OUTSIDE = frozenset({"PATCHBAY_CONFIG_FOLDER", "PATCHBAY_SECRETS_FOLDER"})
"""Variables that `docker-compose.yml` reads, not we."""


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


def strange_variables(
    environ: Mapping[str, str], known: Iterable[type[BaseSettings]]
) -> list[tuple[str, str]]:
    """The `PATCHBAY_*` variables that none of these settings has, each with the nearest one it may
    have meant (or nothing).

    One environment often serves several roles: a variable of a role that is not among them is
    left to that role.
    """
    read: list[type[BaseSettings]] = [*known, KafkaAccess]
    names = {name for settings in read for name in _variables(settings)}
    ours = {prefix for prefix in ROLES if any(name.startswith(prefix) for name in names)}
    others = tuple(set(ROLES) - ours)
    found = []
    for name in sorted(environ):
        strange = name.startswith("PATCHBAY_") and name not in names and name not in OUTSIDE
        if strange and not name.startswith(others or ("-",)):
            close = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.75)
            found.append((name, close[0] if close else ""))
    return found


def _variables(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for field, info in settings.model_fields.items():
        yield str(info.validation_alias or f"{prefix}{field}".upper())


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
