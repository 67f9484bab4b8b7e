"""A running view for tests, and waiting until it shows everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

from redis.asyncio import Redis

from services.router.view.store import Applied, Lost, Moved, Store
from services.router.view.worker import Worker
from shared.clock import Clock, ManualClock, SystemClock
from shared.errors import CacheUnavailable
from shared.log import Log, Partition
from shared.views.stamps import stamps
from tests.router.owner import NOW, ends

KEEP_MS = 14 * 86_400_000
_PATIENCE = 20


class FastClock(ManualClock):
    """Wall time moves only when told to, everything else runs, and pauses are short."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self._real = SystemClock()

    def later(self, **by: float) -> None:
        """Move the wall clock on: `hours=8`."""
        self.advance(timedelta(**by).total_seconds())

    def monotonic(self) -> float:
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(min(seconds, 0.02))


def fast_clock() -> Clock:
    """A clock for running roles: wall time stands still at `NOW`."""
    return FastClock()


class _Troubled(Store):
    """A store whose applications sometimes fail, before or after they have happened."""

    def __init__(self, redis: "Redis", clock: Clock, random: Random) -> None:
        super().__init__(redis, clock)
        self._random = random

    async def apply(self, *args: Any) -> Applied | Moved | Lost:
        fate = self._random.random()
        if fate < 0.1:
            raise CacheUnavailable("before")
        applied = await super().apply(*args)
        if fate > 0.6:
            raise CacheUnavailable("after")
        return applied


@asynccontextmanager
async def viewing(
    log: Log, redis: "Redis", *workspaces: str, trouble: Random | None = None
) -> AsyncIterator[Worker]:
    """A member of the view's group, until left; `trouble` draws when Redis fails it."""
    clock = FastClock()
    store = Store(redis, clock) if trouble is None else _Troubled(redis, clock, trouble)
    worker = Worker(log, store, clock, workspaces, KEEP_MS, checkpoint_seconds=0)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()


async def caught_up(log: Log, redis: "Redis", workspace: str, shards: int) -> None:
    """Wait until the view shows everything that the log holds now."""
    wanted = await ends(log, shards)
    async with asyncio.timeout(_PATIENCE):
        while not await _reaches(redis, workspace, wanted):  # noqa: ASYNC110 - polls Redis
            await asyncio.sleep(0.01)


async def _reaches(redis: "Redis", workspace: str, wanted: dict[Partition, int]) -> bool:
    try:
        found = await stamps(redis, workspace)
    except CacheUnavailable:
        return False
    return found is not None and all(
        found.reaches(partition, end) for partition, end in wanted.items()
    )
