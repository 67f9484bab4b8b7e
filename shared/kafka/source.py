"""Reading: fixed partitions, or a member's share of a group's."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.errors import LogUnavailable, OwnershipLost
from shared.log import Partition, Record


class KafkaReader:
    """Reads exactly the partitions in `positions`, each from its offset on."""

    def __init__(self, consumer: AIOKafkaConsumer, positions: Mapping[Partition, int]) -> None:
        self._consumer = consumer
        self._assignment = frozenset(positions)
        consumer.assign([TopicPartition(*partition) for partition in positions])
        self.seek(positions)

    @property
    def assignment(self) -> frozenset[Partition]:
        return self._assignment

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        return await fetch(self._consumer, limit, wait)

    def seek(self, positions: Mapping[Partition, int]) -> None:
        for partition in self._assignment & positions.keys():
            self._consumer.seek(TopicPartition(*partition), max(positions[partition], 0))

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        raise ValueError("a reader outside a group has nothing to commit")


class KafkaMember(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads the group's partitions that are its share now.

    Kafka takes all partitions from all members before it gives them out anew. Our listener makes
    this gentle: it holds the rebalance up, for a bounded time, while the loop that polls finishes
    and commits. So the partitions leave `assignment` in one poll, and the next call gives them up.
    (It does nothing else: aiokafka swallows what a listener raises.)
    """

    def __init__(self, consumer: AIOKafkaConsumer, handover: float, deadline: float) -> None:
        self._consumer = consumer
        self._handover = handover
        self._deadline = deadline
        self._assignment: frozenset[Partition] = frozenset()
        self._given: frozenset[Partition] = frozenset()
        self._settled = False
        self._given_up = asyncio.Event()
        self._news = asyncio.Event()
        self._fetching: asyncio.Task[_Fetched] | None = None
        self._surplus: list[Record] = []
        # What was fetched before its partition was taken or sought anew is void.
        self._round = 0
        self._taken = 0
        self._sought: dict[Partition, int] = {}

    @property
    def assignment(self) -> frozenset[Partition]:
        return self._assignment

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The group is about to divide the partitions anew."""
        self._settled = False
        self._round = self._taken = self._round + 1
        self._surplus = []
        self._news.set()
        if list(revoked):
            self._given_up.clear()
            await _first(self._handover, self._given_up)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The group has divided the partitions."""
        self._given = frozenset(Partition(*partition) for partition in assigned)
        self._settled = True
        self._news.set()

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        await asyncio.sleep(0)  # a reader that lags must not starve the rest of the process
        self._news.clear()
        if not self._settled:
            leaving, self._assignment = self._assignment, frozenset()
            if not leaving:
                self._given_up.set()
                await _first(wait, self._news)
            return []
        self._assignment = self._given
        if not self._surplus:
            self._surplus = await self._next(limit, wait)
        records, self._surplus = self._surplus[:limit], self._surplus[limit:]
        return records

    def seek(self, positions: Mapping[Partition, int]) -> None:
        if not self._settled:
            return
        self._round += 1
        for partition in self._assignment & positions.keys():
            self._consumer.seek(TopicPartition(*partition), max(positions[partition], 0))
            self._sought[partition] = self._round
        self._surplus = [r for r in self._surplus if r.partition not in positions]

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        offsets = {TopicPartition(*partition): at for partition, at in positions.items()}
        if not offsets:
            return
        try:
            async with asyncio.timeout(self._deadline):
                await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            raise OwnershipLost(type(error).__name__) from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Let a rebalance that waits for us go on, and forget what is being fetched."""
        self._given_up.set()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _next(self, limit: int, wait: float) -> list[Record]:
        """What has been fetched; else wait, but not beyond a rebalance.

        During a rebalance aiokafka's fetch returns after it, however long that takes, and it must
        not be cancelled: so one that has not returned is left for the next poll.
        """
        if self._fetching is None:
            if records := await fetch(self._consumer, limit, 0):
                return records
            self._fetching = asyncio.create_task(self._fetch(limit, wait))
        await _first(wait, self._news, self._fetching)
        if not self._fetching.done():
            return []
        done, self._fetching = self._fetching, None
        fetched_in, records = done.result()
        if fetched_in < self._taken:
            return []
        return [r for r in records if fetched_in >= self._sought.get(r.partition, 0)]

    async def _fetch(self, limit: int, wait: float) -> "_Fetched":
        records = await fetch(self._consumer, limit, wait)
        return self._round, records


_Fetched = tuple[int, list[Record]]


async def fetch(consumer: AIOKafkaConsumer, limit: int, wait: float) -> list[Record]:
    """Records that have come, in partition order; after at most `wait` seconds, maybe none."""
    try:
        fetched = await consumer.getmany(timeout_ms=round(wait * 1000), max_records=limit)
    except (KafkaError, OSError) as error:
        raise LogUnavailable(type(error).__name__) from error
    return [_record(record) for records in fetched.values() for record in records]


def _record(record: Any) -> Record:
    partition = Partition(record.topic, record.partition)
    return Record(
        partition, record.offset, record.key or b"", record.value or b"", record.timestamp
    )


async def _first(seconds: float, event: asyncio.Event, *tasks: asyncio.Task[Any]) -> None:
    """Wait until the event or a task comes first, or for that long."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting, *tasks}, timeout=seconds, return_when="FIRST_COMPLETED")
    finally:
        waiting.cancel()
