"""Appending: per partition in strict order, packed by what has been handed over meanwhile."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.clock import Clock, milliseconds
from shared.errors import LogUnavailable, RecordTooLarge
from shared.kafka.producer import Generation, Supervisor
from shared.log import MAX_APPEND_BYTES, Entry, Partition, weight

# How much is packed into one Kafka batch when more waits; one hand-over is never divided.
_PACK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _HandOver:
    entries: Sequence[Entry]
    size: int
    reply: asyncio.Future[int]


class _Outbox:
    """What one partition's appends wait in.

    The next batch is packed when the one before it has been acknowledged. aiokafka sends one at
    a time, too, so this costs nothing; and a batch that fails can fail what was handed over behind
    it, before any of that has left.
    """

    def __init__(self, partition: Partition, supervisor: Supervisor, clock: Clock) -> None:
        self._partition = partition
        self._supervisor = supervisor
        self._clock = clock
        self._waiting: deque[_HandOver] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, entries: Sequence[Entry], size: int) -> asyncio.Future[int]:
        """Hand over; the future has the first entry's offset once it is acknowledged."""
        reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        reply.add_done_callback(_seen)
        self._waiting.append(_HandOver(entries, size, reply))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return reply

    def give_up(self) -> None:
        """Fail whatever has not left yet: something before it was not acknowledged in time."""
        self._fail(self._waiting, LogUnavailable("an earlier append was not confirmed"))

    async def flush(self) -> None:
        """Wait until nothing waits any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._waiting:
            try:
                generation = await self._supervisor.current()
                await self._check(generation)
            except LogUnavailable as error:
                self._fail(self._waiting, error)
            else:
                await self._send(generation)

    async def _check(self, generation: Generation) -> None:
        """Raises LogUnavailable unless the partition exists."""
        topic, number = self._partition
        try:
            if number not in await generation.producer.partitions_for(topic):
                await generation.producer.client.force_metadata_update()
            if number not in await generation.producer.partitions_for(topic):
                raise LogUnavailable(f"no such partition: {self._partition}")
        except KafkaError as error:
            raise LogUnavailable(f"{topic}: {type(error).__name__}") from error

    async def _send(self, generation: Generation) -> None:
        taken = self._take()
        try:
            offset = await self._deliver(generation, taken)
        except MessageSizeTooLargeError as error:
            self._failed(generation, taken, RecordTooLarge("refused by the broker"), error)
        except (KafkaError, LogUnavailable) as error:
            unknown = LogUnavailable(f"not confirmed: {type(error).__name__}")
            self._failed(generation, taken, unknown, error)
        except Exception as bug:  # noqa: BLE001 - raised in whoever appends, as it is
            self._failed(generation, taken, bug, bug)
        else:
            for hand_over in taken:
                if not hand_over.reply.done():
                    hand_over.reply.set_result(offset)
                offset += len(hand_over.entries)

    def _take(self) -> deque[_HandOver]:
        """The next hand-overs that fit into one batch: at least one."""
        taken = deque([self._waiting.popleft()])
        size = taken[0].size
        while self._waiting and size + self._waiting[0].size <= _PACK_BYTES:
            taken.append(self._waiting.popleft())
            size += taken[-1].size
        return taken

    async def _deliver(self, generation: Generation, taken: Sequence[_HandOver]) -> int:
        """Send one batch and wait for its acknowledgement; the first entry's offset."""
        builder = generation.producer.create_batch()
        now = milliseconds(self._clock.now())
        for hand_over in taken:
            for entry in hand_over.entries:
                builder.append(timestamp=now, key=entry.key, value=entry.value)
        builder.close()
        topic, number = self._partition
        delivery = await generation.producer.send_batch(builder, topic, partition=number)
        delivery.add_done_callback(_seen)
        await asyncio.wait([delivery, generation.ended], return_when=asyncio.FIRST_COMPLETED)
        if not delivery.done():
            raise LogUnavailable("the producer was closed")
        offset: int = delivery.result().offset
        if offset < 0:
            # "Duplicate sequence": it is there, but the broker has forgotten where.
            raise LogUnavailable("acknowledged without an offset")
        return offset

    def _failed(
        self,
        generation: Generation,
        taken: deque[_HandOver],
        reported: Exception,
        error: Exception,
    ) -> None:
        self._supervisor.condemn(generation, type(error).__name__)
        self._fail(taken, reported)
        self._fail(self._waiting, LogUnavailable("an earlier append failed"))

    def _fail(self, hand_overs: deque[_HandOver], error: Exception) -> None:
        while hand_overs:
            reply = hand_overs.popleft().reply
            if not reply.done():
                reply.set_exception(error)


class KafkaSink:
    """`shared.log.Sink` on one supervised producer."""

    def __init__(self, supervisor: Supervisor, clock: Clock, deadline: float) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._deadline = deadline
        self._outboxes: dict[Partition, _Outbox] = {}

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, (entry,))

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        if not entries:
            raise ValueError("an empty batch has no offset")
        size = weight(entries)
        if size > MAX_APPEND_BYTES:
            raise RecordTooLarge(f"{size} bytes")
        outbox = self._outboxes.get(partition)
        if outbox is None:
            outbox = self._outboxes[partition] = _Outbox(partition, self._supervisor, self._clock)
        reply = outbox.put(tuple(entries), size)
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.shield(reply)
        except TimeoutError:
            outbox.give_up()
            raise LogUnavailable(f"not confirmed within {self._deadline} s") from None

    async def flush(self) -> None:
        """Wait until everything handed over is acknowledged or has failed; at most the deadline."""
        waiting = [asyncio.ensure_future(outbox.flush()) for outbox in self._outboxes.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=self._deadline)
        for outbox in self._outboxes.values():
            outbox.give_up()


def _seen(reply: "asyncio.Future[Any]") -> None:
    """An exception that nobody waits for any more is not news."""
    if not reply.cancelled():
        reply.exception()
