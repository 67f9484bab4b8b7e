"""Read your writes: wait until the view shows what is known to be in the record."""

from collections.abc import Mapping

from redis.asyncio import Redis

from shared.clock import Clock
from shared.errors import ViewBehind
from shared.log import Partition
from shared.views.stamps import stamps

_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.1


async def settled(
    redis: "Redis",
    clock: Clock,
    workspace: str,
    wanted: Mapping[Partition, int],
    seconds: float,
) -> None:
    """Return once everything before these offsets is in the workspace's view.

    Raises ViewBehind after `seconds`, and CacheUnavailable.
    """
    until, pause = clock.monotonic() + seconds, _PAUSE_SECONDS
    while True:
        found = await stamps(redis, workspace)
        if found is not None and all(found.reaches(p, at) for p, at in wanted.items()):
            return
        if clock.monotonic() >= until:
            raise ViewBehind(f"after {seconds:g} seconds the view is still behind the record")
        await clock.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
