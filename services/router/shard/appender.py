"""Appending decisions: pipelined, bounded, and sure that nobody else writes.

Our record is contiguous: every batch must land at the offset right behind the one before it. A
different offset means that somebody else has claimed the shard meanwhile, and a failed append that
we no longer know what is true. In both cases all is over: the state is dropped and built anew.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.errors import LogUnavailable, OwnershipLost
from shared.log import Entry, Partition, Sink, weight

BATCH_BYTES = 256_000


@dataclass(frozen=True, slots=True)
class _Pending:
    reply: "asyncio.Task[int]"
    count: int
    done: Callable[[], None]


class Appender:
    """Writes one shard's record from offset `position` on. `changed` is called on every answer."""

    def __init__(
        self,
        sink: Sink,
        partition: Partition,
        position: int,
        window: int,
        changed: Callable[[], None],
    ) -> None:
        self._sink = sink
        self._partition = partition
        self._window = window
        self._changed = changed
        self._pending: deque[_Pending] = deque()
        self.handed_over = position
        """The offset behind everything handed over so far."""
        self.acknowledged = position
        """The offset behind everything that is true."""
        self.failure: BaseException | None = None

    @property
    def idle(self) -> bool:
        """Is everything acknowledged?"""
        return not self._pending

    @property
    def has_room(self) -> bool:
        """May more be handed over now?"""
        return len(self._pending) < self._window

    def append(self, entries: Sequence[Entry], done: Callable[[], None]) -> None:
        """Hand over decisions in order; `done` is called when the last of them is true."""
        batches = _batches(entries)
        for number, batch in enumerate(batches, start=1):
            self.handed_over += len(batch)
            reply = asyncio.create_task(self._sink.append_batch(self._partition, batch))
            last = number == len(batches)
            self._pending.append(_Pending(reply, len(batch), done if last else _nothing))
            reply.add_done_callback(self._answered)

    async def drain(self) -> None:
        """Wait until everything is acknowledged, or has failed."""
        while self._pending and self.failure is None:
            await asyncio.wait([self._pending[0].reply])
            await asyncio.sleep(0)

    def _answered(self, reply: "asyncio.Task[int]") -> None:
        if not reply.cancelled():
            reply.exception()
        while self._pending and self._pending[0].reply.done() and self.failure is None:
            self._settle(self._pending.popleft())
        self._changed()

    def _settle(self, pending: _Pending) -> None:
        if pending.reply.cancelled():
            self.failure = LogUnavailable("cancelled")
        elif (error := pending.reply.exception()) is not None:
            self.failure = error
        elif pending.reply.result() != self.acknowledged:
            self.failure = OwnershipLost(f"{self._partition}: somebody else has written to it")
        else:
            self.acknowledged += pending.count
            pending.done()


def _batches(entries: Sequence[Entry]) -> list[list[Entry]]:
    batches: list[list[Entry]] = []
    size = 0
    for entry in entries:
        weighs = weight([entry])
        if not batches or size + weighs > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(entry)
        size += weighs
    return batches


def _nothing() -> None:
    return
