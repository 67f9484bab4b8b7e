"""Reads `outbound` and `deliveries` of the same partitions, and hands messages to account queues.

The loop never waits for a queue: what a full queue cannot take stays in the log and is read again
when there is room. The committed position of a partition is the oldest message that is not settled;
after a restart everything from there is read again, and the ledger knows what is done.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from services.notifier import metrics
from services.notifier.books import Books
from services.notifier.dispatch import Dispatch
from services.notifier.echoes import Echoes
from services.notifier.overflow import Overflow
from services.notifier.queues import Job
from services.notifier.writer import DeliveryWriter
from shared.channels import Outcome
from shared.clock import Clock, milliseconds
from shared.dead_letters import DeadLetters
from shared.errors import LogUnavailable, OwnershipLost, Undecodable
from shared.events.outbound import OutboundMessage
from shared.log import Log, Partition, Record, Source
from shared.strikes import Strikes, Watch
from shared.topics import DELIVERIES, OUTBOUND
from shared.watchdog import Progress

log = structlog.get_logger()

T = TypeVar("T")

GROUP = "notifier"
_MESSAGES = OUTBOUND.decoder()
_EVENTS = DELIVERIES.decoder()
_COMMIT_SECONDS = 1.0
_EVICT_SECONDS = 60.0
_AGAIN_SECONDS = 1.0


class Intake:
    """One member of the group. `handover` seconds are left to finish calls of a partition that
    moves to another member."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        books: Books,
        dispatch: Dispatch,
        writer: DeliveryWriter,
        echoes: Echoes,
        dead_letters: DeadLetters,
        strikes: Strikes,
        *,
        progress: Progress,
        handover: float = 8.0,
    ) -> None:
        self._log = log
        self._clock = clock
        self._books = books
        self._dispatch = dispatch
        self._writer = writer
        self._echoes = echoes
        self._dead_letters = dead_letters
        self._strikes = strikes
        self._handover = handover
        self._progress = progress
        self._overflow = Overflow(log)
        self._returning: asyncio.Task[None] | None = None
        self._positions: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}
        self._held: frozenset[Partition] = frozenset()
        self._watches: dict[Partition, Watch] = {}
        self._commit_due = self._evict_due = clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop`, and then until nothing is under way any more; commit at the end.

        Raises TooManyDeadLetters.
        """
        async with self._log.subscribe(GROUP, [OUTBOUND.name, DELIVERIES.name]) as source:
            try:
                while not stop.is_set() or self._dispatch.busy:
                    await self._round(source, stop)
            finally:
                if self._returning is not None:
                    self._returning.cancel()
                await self._commit(source)
                for partition in self._watches:
                    await self._strikes.leave(partition)

    async def _round(self, source: Source, stop: asyncio.Event) -> None:
        try:
            records = await source.poll(wait=0.1 if stop.is_set() else 0.5)
        except LogUnavailable as error:
            log.warning("poll_failed", reason=str(error))
            await self._clock.sleep(_AGAIN_SECONDS)
            return
        await self._follow(source)
        self._progress.polled(self._held)
        for record in records:
            if record.partition in self._held:
                await self._read(record, stop)
        self._read_back(stop)
        now = self._clock.monotonic()
        if now >= self._commit_due:
            self._commit_due = now + _COMMIT_SECONDS
            await self._commit(source)
            self._dispatch.measure()
        if now >= self._evict_due:
            self._evict_due = now + _EVICT_SECONDS
            self._evict()

    async def _read(self, record: Record, stop: asyncio.Event) -> None:
        self._progress.received(record.partition, record.offset)
        try:
            if record.partition.topic == DELIVERIES.name:
                await self._learn(record)
            elif not stop.is_set():
                await self._take(record)
            else:
                return  # not ours to finish: its position stays before it
        except Undecodable as error:
            metrics.SKIPPED.labels(record.partition.topic).inc()
            detail = str(error)
            await self._insist(lambda: self._dead_letters.bury(record, Undecodable.code, detail))
        self._positions[record.partition] = record.offset + 1

    async def _learn(self, record: Record) -> None:
        """A record of `deliveries`: first the ledger, then what follows from it."""
        event = _EVENTS.decode(record.value).data
        number = record.partition.number
        await self._insist(lambda: self._books.open(number, milliseconds(self._clock.now())))
        self._books.feed(record, event)
        ledger = self._books.get(number)
        await self._insist(lambda: self._echoes.of(ledger, number, event))
        self._dispatch.wake((event.channel, event.account), event.conversation_key)

    async def _take(self, record: Record) -> None:
        """A record of `outbound`: into its account's queue, unless it is settled or in hand."""
        message: OutboundMessage = _MESSAGES.decode(record.value).data
        number = record.partition.number
        written = min(milliseconds(message.written_at), record.timestamp)
        await self._insist(lambda: self._books.open(number, written))
        if (await self._watch(record)).condemned(record.offset):
            await self._condemn(record, message)
            return
        self._dead_letters.passed()
        job = self._job(record, message)
        if job is None:
            return
        account = (message.channel, message.account)
        if self._overflow.holds(account, record.partition) or not self._dispatch.offer(job):
            self._overflow.leave(account, record)

    def _job(self, record: Record, message: OutboundMessage) -> Job | None:
        number = record.partition.number
        entry = self._books.get(number).get(message.id)
        if (entry is not None and entry.final is not None) or self._dispatch.has(
            number, message.id
        ):
            return None
        return Job(message, number, record.offset)

    async def _condemn(self, record: Record, message: OutboundMessage) -> None:
        """It has ended this process three times: keep it apart, and tell the agent."""
        await self._insist(lambda: self._dead_letters.bury(record, "bug"))
        broken = Outcome("rejected_content", code="bug", reason="Patchbay cannot send this.")
        await self._writer.outcome(record.partition.number, message, 0, 0, broken, final=True)
        await self._strikes.survived(record.partition, record.offset)

    async def _watch(self, record: Record) -> Watch:
        watch = self._watches.get(record.partition)
        if watch is None:
            watch = await self._strikes.enter(record.partition, record.offset)
            self._watches[record.partition] = watch
        return watch

    def _read_back(self, stop: asyncio.Event) -> None:
        """When an account that left messages has room again, fetch them in the background."""
        if self._returning is not None and self._returning.done():
            task, self._returning = self._returning, None
            task.result()
        metrics.OVERFLOWING.set(len(self._overflow))
        if self._returning is not None or stop.is_set():
            return
        for account, partition in self._overflow.waiting():
            if self._dispatch.has_room(account):
                self._returning = asyncio.create_task(self._return(account, partition))
                return

    async def _return(self, account: tuple[str, str], partition: Partition) -> None:
        def take(record: Record) -> Job | None:
            try:
                return self._job(record, _MESSAGES.decode(record.value).data)
            except Undecodable:
                return None  # buried when the group read it

        try:
            await self._overflow.read_back(
                account,
                partition,
                take,
                self._dispatch.offer,
                lambda: self._positions.get(partition, 0),
            )
        except (LogUnavailable, OwnershipLost) as error:
            log.warning("read_back_failed", partition=partition.number, reason=str(error))

    async def _follow(self, source: Source) -> None:
        """Let go of partitions that move: finish what is under way, commit, forget."""
        gone = self._held - source.assignment
        self._held = source.assignment
        for partition in gone:
            if partition.topic == OUTBOUND.name:
                self._books.close(partition.number)
                self._overflow.forget(partition)
                await self._dispatch.let_go(partition.number, self._handover)
        if gone:
            await self._commit(source)
            self._progress.released(gone)
        for partition in gone:
            self._positions.pop(partition, None)
            self._committed.pop(partition, None)
            if partition.topic == OUTBOUND.name:
                self._dispatch.forget(partition.number)
                await self._strikes.leave(partition)
                self._watches.pop(partition, None)

    def _watermark(self, partition: Partition) -> int:
        """The first offset that must be read again after a restart."""
        marks = [self._positions[partition]]
        if partition.topic == OUTBOUND.name:
            job, left = self._dispatch.oldest(partition.number), self._overflow.oldest(partition)
            marks += [job.offset] if job is not None else []
            marks += [left] if left is not None else []
        return min(marks)

    async def _commit(self, source: Source) -> None:
        marks = {partition: self._watermark(partition) for partition in self._positions}
        fresh = {p: mark for p, mark in marks.items() if mark != self._committed.get(p)}
        if not fresh:
            return
        try:
            await source.commit(fresh)
        except (OwnershipLost, LogUnavailable) as error:
            log.warning("commit_failed", reason=str(error))
            return
        self._committed.update(fresh)

    def _evict(self) -> None:
        for partition in self._held:
            if partition.topic == OUTBOUND.name and self._overflow.oldest(partition) is None:
                since = self._dispatch.written_since(partition.number)
                self._books.evict(partition.number, since)

    async def _insist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do it, however long the log is away: nothing may be skipped."""
        while True:
            try:
                return await action()
            except LogUnavailable as error:
                log.warning("log_away", reason=str(error))
                await self._clock.sleep(_AGAIN_SECONDS)
