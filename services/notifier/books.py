"""The ledgers of the partitions this process holds: rebuilt from the log, followed, waited for."""

import asyncio
from dataclasses import dataclass, field

import structlog

from services.notifier import metrics
from services.notifier.ledger import Delivery, Ledger
from services.notifier.since import first_since
from shared.clock import Clock, milliseconds
from shared.errors import OwnershipLost, Undecodable
from shared.log import Log, Partition, Record
from shared.topics import DELIVERIES

log = structlog.get_logger()

_DECODER = DELIVERIES.decoder()
_MARGIN_MS = 10 * 60_000
"""How much the clocks of those who append may differ."""


@dataclass(slots=True)
class _Book:
    ledger: Ledger
    waiting: dict[int, list[asyncio.Future[None]]] = field(default_factory=dict)
    oldest_needed: int = 0


class Books:
    """One ledger per partition number, each with a memory of `remember` seconds."""

    def __init__(self, log: Log, clock: Clock, remember: float) -> None:
        self._log = log
        self._clock = clock
        self._remember_ms = round(remember * 1000)
        self._books: dict[int, _Book] = {}

    async def open(self, number: int, needed: int) -> Ledger:
        """The ledger of a partition, covering everything since `needed` (Unix milliseconds).

        Reads `deliveries` again when it does not reach back so far. Raises LogUnavailable.
        """
        book = self._books.get(number)
        now = milliseconds(self._clock.now())
        if book is None or book.ledger.floor > needed - _MARGIN_MS:
            floor = min(needed, now - self._remember_ms) - _MARGIN_MS
            ledger = await self._restored(Partition(DELIVERIES.name, number), floor)
            book = self._books.setdefault(number, _Book(ledger, oldest_needed=needed))
            book.ledger = ledger
            self._wake(book)
        book.oldest_needed = min(book.oldest_needed, needed)
        return book.ledger

    def get(self, number: int) -> Ledger:
        """The ledger of a partition. Raises OwnershipLost when we no longer hold it."""
        book = self._books.get(number)
        if book is None:
            raise OwnershipLost(f"deliveries/{number}")
        return book.ledger

    def feed(self, record: Record, event: Delivery) -> None:
        """The next record of a partition, as read by the group."""
        book = self._books[record.partition.number]
        book.ledger.apply(record.offset, record.timestamp, event)
        self._wake(book)

    async def reached(self, number: int, offset: int) -> Ledger:
        """Wait until the ledger contains that record. Raises OwnershipLost."""
        book = self._books.get(number)
        if book is None:
            raise OwnershipLost(f"deliveries/{number}")
        if book.ledger.position <= offset:
            future = asyncio.get_running_loop().create_future()
            book.waiting.setdefault(offset, []).append(future)
            await future
        return self.get(number)

    def close(self, number: int) -> None:
        """Another process holds the partition now: whoever waits on it gives up."""
        book = self._books.pop(number, None)
        for future in [f for waiting in book.waiting.values() for f in waiting] if book else []:
            if not future.done():
                future.set_exception(OwnershipLost(f"deliveries/{number}"))

    def evict(self, number: int, in_hand_since: int | None) -> None:
        """Forget what nobody can need: `in_hand_since` is when the oldest message in hand was
        written, in Unix milliseconds. Call it now and then."""
        book = self._books.get(number)
        if book is None:
            return
        now = milliseconds(self._clock.now())
        needed = [now - self._remember_ms, book.oldest_needed]
        needed += [in_hand_since] if in_hand_since is not None else []
        book.ledger.evict(min(needed) - _MARGIN_MS)
        book.oldest_needed = now  # until the next call hears of an older one

    async def _restored(self, partition: Partition, floor: int) -> Ledger:
        ledger = Ledger(floor)
        start = await first_since(self._log, partition, floor)
        end = (await self._log.bounds([partition]))[partition][1]
        ledger.position = start
        async with self._log.read({partition: start}) as source:
            while ledger.position < end:
                for record in await source.poll():
                    self._restore(ledger, record)
        metrics.RECORDS_RESTORED.labels(DELIVERIES.name).inc(end - start)
        log.info("ledger_restored", partition=partition.number, records=end - start)
        return ledger

    def _restore(self, ledger: Ledger, record: Record) -> None:
        try:
            event: Delivery = _DECODER.decode(record.value).data
        except Undecodable:
            ledger.position = record.offset + 1  # counted where the group reads it
            return
        ledger.apply(record.offset, record.timestamp, event)

    def _wake(self, book: _Book) -> None:
        for offset in [o for o in book.waiting if o < book.ledger.position]:
            for future in book.waiting.pop(offset):
                if not future.done():
                    future.set_result(None)
