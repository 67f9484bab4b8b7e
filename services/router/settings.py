"""What the router's roles are told by their environment, as `PATCHBAY_VIEW_*` and so on."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class ViewSettings(ServiceSettings):
    """`keep_days`: how long finished conversations and messages stay visible. No longer than
    `inbound` is kept, or a rebuilt view would show less than the one that was lost."""

    model_config = SettingsConfigDict(
        env_prefix="PATCHBAY_", extra="ignore", frozen=True, populate_by_name=True
    )

    keep_days: Annotated[float, Field(gt=0, le=14, validation_alias="PATCHBAY_VIEW_KEEP_DAYS")] = 14


class ApiSettings(ServiceSettings):
    """The queue API. Times are in seconds.

    `origins` may call it from a browser (CORS); none may by default. `trusted_proxies` is how many
    reverse proxies stand before it and append to `X-Forwarded-For`; with 0 the header is ignored.
    `answer_seconds` is how long a command waits for its decision, `view_seconds` how long a read
    waits for the view, `lease_seconds` how long an agent without a stream keeps his presence.
    """

    model_config = SettingsConfigDict(
        env_prefix="PATCHBAY_", extra="ignore", frozen=True, populate_by_name=True
    )

    port: Annotated[int, Field(ge=0, le=65535, validation_alias="PATCHBAY_API_PORT")] = 8081
    origins: tuple[str, ...] = Field((), validation_alias="PATCHBAY_API_ORIGINS")
    trusted_proxies: Annotated[
        int, Field(ge=0, le=8, validation_alias="PATCHBAY_API_TRUSTED_PROXIES")
    ] = 0
    connections: int = Field(5000, validation_alias="PATCHBAY_API_CONNECTIONS")
    header_seconds: float = Field(15, validation_alias="PATCHBAY_API_HEADER_SECONDS")
    body_seconds: float = Field(5, validation_alias="PATCHBAY_API_BODY_SECONDS")
    answer_seconds: float = Field(5, validation_alias="PATCHBAY_API_ANSWER_SECONDS")
    view_seconds: float = Field(2, validation_alias="PATCHBAY_API_VIEW_SECONDS")
    lease_seconds: Annotated[float, Field(ge=1, validation_alias="PATCHBAY_API_LEASE_SECONDS")] = 20
    heartbeat_seconds: Annotated[
        float, Field(gt=0, le=15, validation_alias="PATCHBAY_API_HEARTBEAT_SECONDS")
    ] = 5


class EngineSettings(ServiceSettings):
    """The engine. `batch` inputs are decided on at once, `window` appends per shard are in flight.

    A snapshot is taken after `snapshot_decisions`, and after `snapshot_seconds` if anything was
    decided. `waiting_room` inputs per shard are held while appends are slow; more are left in the
    log. `drain_seconds` bounds what is still waited for when the service stops.
    """

    model_config = SettingsConfigDict(
        env_prefix="PATCHBAY_", extra="ignore", frozen=True, populate_by_name=True
    )

    batch: Annotated[int, Field(ge=1, validation_alias="PATCHBAY_ENGINE_BATCH")] = 200
    window: Annotated[int, Field(ge=1, validation_alias="PATCHBAY_ENGINE_WINDOW")] = 4
    waiting_room: Annotated[int, Field(ge=1, validation_alias="PATCHBAY_ENGINE_WAITING_ROOM")] = (
        5_000
    )
    snapshot_decisions: Annotated[
        int, Field(ge=1, validation_alias="PATCHBAY_ENGINE_SNAPSHOT_DECISIONS")
    ] = 20_000
    snapshot_seconds: Annotated[
        float, Field(gt=0, validation_alias="PATCHBAY_ENGINE_SNAPSHOT_SECONDS")
    ] = 300
    drain_seconds: Annotated[
        float, Field(gt=0, validation_alias="PATCHBAY_ENGINE_DRAIN_SECONDS")
    ] = 10
