"""The at-least-once loop: poll, lanes, dead letters, commit."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

import structlog

from shared.clock import Clock, SystemClock
from shared.dead_letters import DeadLetters
from shared.errors import LogUnavailable, OwnershipLost, PatchbayError
from shared.handling import Handle, backoff, retrying
from shared.lanes import Lanes
from shared.log import Partition, Record, Source
from shared.offsets import Offsets
from shared.strikes import Strikes, Untracked, Watch
from shared.watchdog import Progress

log = structlog.get_logger()

_DETAIL = 200  # characters of an error's text that go into a dead letter

Outcome = Literal["handled", "dead", "repeated", "dropped"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once. `lanes` records are handled at a time, and each lane has `depth` waiting.

    Positions are committed every `commit` seconds. `handover` seconds are left to finish what is
    moved to another member: less than the log waits for it.
    """

    lanes: int = 64
    depth: int = 16
    poll: int = 500
    commit: float = 0.5
    handover: float = 8.0


class _Interrupted(Exception):
    """The loop stops, or the partition is gone: leave the record to whoever reads it next."""


class Consumer:
    """Handles every record of a source at least once, in order per key.

    `handle` raises PatchbayErrors: a retryable one is tried again in place, with backoff, for as
    long as it takes; another one sends the record to the dead letters. Anything else is a bug: the
    record gets a strike and `run` raises. A commit without ownership is let pass: the new owner
    reads the records again, so handling one twice must be harmless.
    """

    def __init__(
        self,
        source: Source,
        handle: Handle[Record],
        dead_letters: DeadLetters,
        *,
        clock: Clock | None = None,
        strikes: Strikes | Untracked | None = None,
        progress: Progress | None = None,
        pace: Pace | None = None,
        delays: Callable[[], Iterator[float]] = backoff,
        observe: Callable[[str, Outcome], None] = lambda _topic, _outcome: None,
    ) -> None:
        self._source = source
        self._handle = handle
        self._dead_letters = dead_letters
        self._clock = clock or SystemClock()
        self._strikes = strikes or Untracked()
        self._progress = progress or Progress(self._clock)
        self._pace = pace or Pace()
        self._delays = delays
        self._observe = observe
        self._offsets = Offsets()
        self._watches: dict[Partition, Watch] = {}
        self._held: frozenset[Partition] = frozenset()
        self._working: Counter[Partition] = Counter()
        self._worked = asyncio.Event()
        self._stop = asyncio.Event()
        self._commit_due = self._clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; then finish what runs, leave what waits, and commit.

        Raises what a bug in the handler raised, and TooManyDeadLetters.
        """
        self._stop = stop
        try:
            async with Lanes(self._pace.lanes, self._pace.depth) as lanes:
                while not stop.is_set():
                    await self._round(lanes)
        finally:
            await self._commit()
            await self._leave(self._held)

    async def _round(self, lanes: Lanes) -> None:
        try:
            records = await self._source.poll(limit=self._pace.poll)
        except LogUnavailable as error:
            log.warning("poll_failed", reason=str(error))
            with suppress(_Interrupted):
                await self._pause(1.0)
            return
        await self._follow(self._source.assignment)
        self._progress.polled(self._held)
        for record in records:
            await self._feed(lanes, record)
        if self._clock.monotonic() >= self._commit_due:
            await self._commit()

    async def _follow(self, assignment: frozenset[Partition]) -> None:
        """Let go of partitions that have been taken: finish what runs, commit, forget."""
        gone = self._held - assignment
        self._held = assignment
        if gone:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.handover):
                    while any(self._working[partition] for partition in gone):
                        self._worked.clear()
                        await self._worked.wait()
            await self._commit()
            await self._leave(gone)

    async def _feed(self, lanes: Lanes, record: Record) -> None:
        partition, offset = record.partition, record.offset
        if partition not in self._held:
            self._observe(partition.topic, "dropped")
            return
        if not self._offsets.started(partition, offset):
            self._observe(partition.topic, "repeated")
            return
        self._progress.received(partition, offset)
        watch = await self._watch(partition, offset)
        self._working[partition] += 1
        if watch.condemned(offset):
            await lanes.put(record.key, partial(self._work, record, self._condemn))
        elif watch.careful(offset):
            await lanes.drained()
            await self._work(record, self._try)
        else:
            await lanes.put(record.key, partial(self._work, record, self._attempt))

    async def _watch(self, partition: Partition, offset: int) -> Watch:
        watch = self._watches.get(partition)
        if watch is None:
            watch = await self._strikes.enter(partition, offset)
            self._watches[partition] = watch
        return watch

    async def _work(self, record: Record, way: Callable[[Record], Awaitable[Outcome]]) -> None:
        """What a lane runs; a record that is given back stays unfinished."""
        try:
            outcome = await way(record)
        except (_Interrupted, OwnershipLost):
            self._observe(record.partition.topic, "dropped")
        else:
            self._offsets.finished(record.partition, record.offset)
            self._observe(record.partition.topic, outcome)
        finally:
            self._working[record.partition] -= 1
            self._worked.set()

    async def _attempt(self, record: Record) -> Outcome:
        """Handle the record; a bug is a strike and ends everything."""
        try:
            return await self._handled(record)
        except (_Interrupted, PatchbayError):
            raise
        except Exception:
            log.exception("handler_bug", origin=str(record.partition), offset=record.offset)
            await self._strikes.strike(record.partition, record.offset)
            raise

    async def _try(self, record: Record) -> Outcome:
        """Handle a record that may be the one that kills without a word."""
        await self._strikes.strike(record.partition, record.offset)
        outcome = await self._handled(record)
        await self._strikes.survived(record.partition, record.offset)
        return outcome

    async def _condemn(self, record: Record) -> Outcome:
        """Bury a record that has killed often enough."""
        outcome = await self._bury(record, "bug", "it ended the process again and again")
        await self._strikes.survived(record.partition, record.offset)
        return outcome

    async def _handled(self, record: Record) -> Outcome:
        pause = partial(self._pause_for, record)
        try:
            await retrying(self._once, self._delays, pause)(record)
        except OwnershipLost:
            raise
        except PatchbayError as error:
            return await self._bury(record, error.code, str(error)[:_DETAIL])
        self._dead_letters.passed()
        return "handled"

    async def _once(self, record: Record) -> None:
        self._check(record)
        try:
            await self._handle(record)
        except PatchbayError as error:
            where = str(record.partition)
            log.warning("handling_failed", origin=where, offset=record.offset, reason=error.code)
            raise
        finally:
            self._progress.worked()

    async def _bury(self, record: Record, reason: str, detail: str) -> Outcome:
        async def bury(record: Record) -> None:
            await self._dead_letters.bury(record, reason, detail)

        await retrying(bury, backoff, partial(self._pause_for, record))(record)
        return "dead"

    async def _commit(self) -> None:
        self._commit_due = self._clock.monotonic() + self._pace.commit
        positions = self._offsets.committable()
        try:
            if positions:
                await self._source.commit(positions)
        except (OwnershipLost, LogUnavailable) as error:
            log.warning("commit_failed", reason=error.code)
        else:
            self._offsets.committed(positions)

    async def _leave(self, partitions: frozenset[Partition]) -> None:
        self._offsets.forget(partitions)
        self._progress.released(partitions)
        watched = [partition for partition in partitions if self._watches.pop(partition, None)]
        await asyncio.gather(*[self._strikes.leave(partition) for partition in watched])

    def _check(self, record: Record) -> None:
        if self._stop.is_set() or record.partition not in self._held:
            raise _Interrupted

    async def _pause_for(self, record: Record, seconds: float) -> None:
        await self._pause(seconds)
        self._check(record)

    async def _pause(self, seconds: float) -> None:
        """Sleep, unless told to stop."""
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._stop.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._stop.is_set():
            raise _Interrupted
