"""Read a workspace's recording from the log."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from patchbay.recorded.visits import Recording
from shared.clock import SystemClock, milliseconds
from shared.errors import ConfigurationInvalid, Undecodable
from shared.events.routing import Decision
from shared.log import Log, Partition
from shared.opening import open_log
from shared.record import Fence, standing_at
from shared.topics import ROUTING

_DECODER = ROUTING.decoder()
_AT_ONCE = 1000


async def recordings(url: str, shards: int) -> dict[str, Recording]:
    """What the log behind this address holds, by workspace. Raises LogUnavailable."""
    found: dict[str, Recording] = {}
    async with open_log(url, SystemClock(), shards) as log:
        for shard in range(shards):
            await _read(log, Partition(ROUTING.name, shard), found)
    return found


async def _read(log: Log, partition: Partition, found: dict[str, Recording]) -> None:
    begin, end = (await log.bounds([partition]))[partition]
    fence = Fence(standing_at(begin))
    position = begin
    if begin == end:
        return
    async with log.read({partition: begin}) as source:
        while position < end:
            for record in await source.poll(limit=_AT_ONCE):
                position = record.offset + 1
                decision = _decision(record.value, fence)
                if decision is not None:
                    name = decision.workspace
                    found.setdefault(name, Recording(name)).add(decision)


def _decision(value: bytes, fence: Fence) -> Decision | None:
    try:
        data = _DECODER.decode(value).data
    except Undecodable:
        return None
    if not fence.admits(data) or not isinstance(data, Decision):
        return None
    return data


def chosen(found: dict[str, Recording], workspace: str | None) -> Recording:
    """The workspace that is named, or the only one there is. Raises ConfigurationInvalid."""
    if workspace is None and len(found) == 1:
        return next(iter(found.values()))
    if workspace is None or workspace not in found:
        names = ", ".join(sorted(found)) or "nothing"
        raise ConfigurationInvalid(f"which workspace? The record has {names}")
    return found[workspace]


def moment(text: str | None, zone: ZoneInfo) -> int | None:
    """Unix milliseconds of an ISO 8601 time; without an offset it is one of that zone.

    Raises ConfigurationInvalid.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationInvalid(f"{text!r} is no time as 2026-11-21T08:00") from None
    return milliseconds((found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC))


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ConfigurationInvalid."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationInvalid(f"{name!r} is no time zone as Europe/Berlin") from None
