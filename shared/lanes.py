"""Bounded concurrency that keeps the order per key."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

Job = Callable[[], Awaitable[None]]


class LanesBroken(RuntimeError):
    """A job failed: nothing is run any more, and leaving the lanes raises what it raised."""


class Lanes:
    """A key always maps to the same lane; each lane runs one job at a time, in order.

    At most `count` jobs run and `count * depth` wait. Leaving the context runs what waits to its
    end, unless it is left by an exception: then running jobs are cancelled and waiting ones
    dropped. An exception of a job does the same, and is raised where the lanes are left.
    """

    def __init__(self, count: int = 64, depth: int = 16) -> None:
        self._queues: list[asyncio.Queue[Job]] = [asyncio.Queue(depth) for _ in range(count)]
        self._turns = [asyncio.Lock() for _ in range(count)]  # whoever waits first, puts first
        self._group = asyncio.TaskGroup()
        self._workers: list[asyncio.Task[None]] = []
        self._broken = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._workers = [self._group.create_task(self._run(queue)) for queue in self._queues]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            try:
                await self._drained()
                self._stop()
            except BaseException as failure:  # noqa: BLE001 - the group decides what to raise
                kind, error, trace = type(failure), failure, failure.__traceback__
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as failures:
            _, jobs = failures.split(LanesBroken)
            if jobs is not None and len(jobs.exceptions) == 1:
                raise jobs.exceptions[0] from None
            raise

    async def put(self, key: bytes, job: Job) -> None:
        """Hand a job over; waits while its lane is full. Raises LanesBroken."""
        # Not CRC-32: that is what partitions are chosen by, so that all keys of a partition would
        # meet in few lanes.
        lane = hash(key) % len(self._queues)
        async with self._turns[lane]:
            self._check()
            if self._queues[lane].full():
                await self._wait(self._queues[lane].put(job))
                self._check()
            else:
                self._queues[lane].put_nowait(job)

    async def drained(self) -> None:
        """Wait until no job runs or waits. Raises LanesBroken."""
        await self._drained()
        self._check()

    async def _drained(self) -> None:
        for queue in self._queues:
            if not self._broken.is_set():
                await self._wait(queue.join())

    async def _wait(self, progress: Coroutine[Any, Any, None]) -> None:
        """Wait for something that only a living lane can bring about."""
        step = asyncio.create_task(progress)
        broken = asyncio.create_task(self._broken.wait())
        try:
            await asyncio.wait([step, broken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            step.cancel()
            broken.cancel()

    async def _run(self, queue: asyncio.Queue[Job]) -> None:
        try:
            while True:
                job = await queue.get()
                await job()
                queue.task_done()
        finally:
            self._broken.set()

    def _check(self) -> None:
        if self._broken.is_set():
            raise LanesBroken

    def _stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
