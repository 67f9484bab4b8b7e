"""Reads `commerce`: rebuilds what is known, follows it, and looks at what is due."""

import asyncio
from datetime import datetime, timedelta

import structlog

from services.notifier import metrics
from services.notifier.alerts.desk import Desk
from services.notifier.alerts.shelf import Shelf
from shared.clock import Clock
from shared.dead_letters import DeadLetters
from shared.errors import LogUnavailable, OwnershipLost, Undecodable
from shared.log import Log, Partition, Record, Source
from shared.topics import COMMERCE
from shared.watchdog import Progress

log = structlog.get_logger()

GROUP = "notifier-alerts"
_DECODER = COMMERCE.decoder()
_KEEP = timedelta(days=7)
_RETAINED = timedelta(days=COMMERCE.retention_days)
_EVICT_SECONDS = 300.0
_AGAIN_SECONDS = 1.0


class Watch:
    """One member of the group."""

    def __init__(
        self, log: Log, clock: Clock, desk: Desk, dead_letters: DeadLetters, progress: Progress
    ) -> None:
        self._log = log
        self._clock = clock
        self._desk = desk
        self._dead_letters = dead_letters
        self._progress = progress
        self._shelves: dict[Partition, Shelf] = {}
        self._positions: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}
        self._evict_due = clock.monotonic() + _EVICT_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. While the log is away it waits. Raises TooManyDeadLetters."""
        async with self._log.subscribe(GROUP, [COMMERCE.name]) as source:
            while not stop.is_set():
                try:
                    await self._round(source)
                except LogUnavailable as error:
                    log.warning("alerts_wait", reason=str(error))
                    source.seek(self._positions)  # what was not finished is read again
                    await self._clock.sleep(_AGAIN_SECONDS)

    async def _round(self, source: Source) -> None:
        records = await source.poll(wait=self._patience())
        self._progress.polled(source.assignment)
        for record in records:
            self._positions.setdefault(record.partition, record.offset)
        await self._follow(source.assignment)
        for record in records:
            if record.partition in self._shelves:
                await self._read(record)
        for partition, shelf in self._shelves.items():
            for key in list(shelf.due(self._clock.now())):
                await self._look(partition, shelf, key)
                await asyncio.sleep(0)  # after a rebuild there may be very many
        await self._commit(source)
        self._evict()

    async def _follow(self, assignment: frozenset[Partition]) -> None:
        for partition in self._shelves.keys() - assignment:
            del self._shelves[partition]
            self._positions.pop(partition, None)
            self._committed.pop(partition, None)
            self._progress.released([partition])
        for partition in assignment - self._shelves.keys():
            shelf = await self._restored(partition)
            self._desk.arrange(shelf)
            self._shelves[partition] = shelf

    async def _restored(self, partition: Partition) -> Shelf:
        """Everything the log still has about these customers' orders."""
        shelf = Shelf()
        first, end = (await self._log.bounds([partition]))[partition]
        shelf.position = first
        async with self._log.read({partition: first}) as source:
            while shelf.position < end:
                for record in await source.poll():
                    self._fold(shelf, record)
        metrics.RECORDS_RESTORED.labels(COMMERCE.name).inc(end - first)
        log.info("alerts_restored", partition=partition.number, stories=len(shelf.stories))
        return shelf

    def _fold(self, shelf: Shelf, record: Record) -> bool:
        """Returns whether the record could be read."""
        try:
            event = _DECODER.decode(record.value).data
        except Undecodable:
            shelf.position = max(shelf.position, record.offset + 1)
            return False
        shelf.fold(record.offset, record.timestamp, record.key.decode(), event)
        return True

    async def _read(self, record: Record) -> None:
        self._progress.received(record.partition, record.offset)
        shelf = self._shelves[record.partition]
        if self._fold(shelf, record):
            self._dead_letters.passed()
            await self._look(record.partition, shelf, record.key.decode())
        else:
            metrics.SKIPPED.labels(COMMERCE.name).inc()
            await self._dead_letters.bury(record, Undecodable.code)
        self._positions[record.partition] = record.offset + 1

    async def _look(self, partition: Partition, shelf: Shelf, key: str) -> None:
        try:
            await self._desk.look(partition.number, shelf, key)
        except LogUnavailable:
            shelf.wake(key, self._clock.now())
            raise

    async def _commit(self, source: Source) -> None:
        held = {p: at for p, at in self._positions.items() if p in self._shelves}
        fresh = {p: at for p, at in held.items() if at != self._committed.get(p)}
        if not fresh:
            return
        try:
            await source.commit(fresh)
        except OwnershipLost as error:
            log.warning("commit_failed", reason=str(error))
        self._committed.update(fresh)

    def _patience(self) -> float:
        """Seconds to wait for records: less when something is due sooner."""
        moments: list[datetime] = [
            due for shelf in self._shelves.values() if (due := shelf.next_due()) is not None
        ]
        if not moments:
            return 0.5
        return min(0.5, max(0.0, (min(moments) - self._clock.now()).total_seconds()))

    def _evict(self) -> None:
        if self._clock.monotonic() >= self._evict_due:
            self._evict_due = self._clock.monotonic() + _EVICT_SECONDS
            for shelf in self._shelves.values():
                shelf.evict(self._clock.now(), _KEEP, _RETAINED)
