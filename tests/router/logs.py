"""Logs for tests of shard owners: topics of their own on any log, and a sink that can fail."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from shared.errors import LogUnavailable
from shared.log import Entry, Log, Partition, Record, Sink, Source


class OwnTopics:
    """The log `inner` with every topic and group under a prefix: tests do not see each other.

    The next `away` questions for bounds get no answer. `reads` are the readers opened so far.
    """

    def __init__(self, inner: Log, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix
        self.reads: list[Mapping[Partition, int]] = []
        self.away = 0

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        await self._inner.create_topics({self._prefix + t: n for t, n in partitions.items()})

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        async with self._inner.sink() as sink:
            yield _OwnSink(sink, self)

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Source]:
        names = [self._prefix + topic for topic in topics]
        async with self._inner.subscribe(self._prefix + group, names) as source:
            yield _OwnSource(source, self)

    @asynccontextmanager
    async def read(self, positions: Mapping[Partition, int]) -> AsyncIterator[Source]:
        self.reads.append(positions)
        async with self._inner.read(self.outer(positions)) as source:
            yield _OwnSource(source, self)

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        if self.away:
            self.away -= 1
            raise LogUnavailable("away")
        found = await self._inner.bounds([self.there(p) for p in partitions])
        return {self.here(partition): bounds for partition, bounds in found.items()}

    def there(self, partition: Partition) -> Partition:
        return Partition(self._prefix + partition.topic, partition.number)

    def here(self, partition: Partition) -> Partition:
        return Partition(partition.topic.removeprefix(self._prefix), partition.number)

    def outer(self, positions: Mapping[Partition, int]) -> dict[Partition, int]:
        return {self.there(partition): at for partition, at in positions.items()}


class _OwnSink:
    def __init__(self, inner: Sink, log: OwnTopics) -> None:
        self._inner = inner
        self._log = log

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self._inner.append(self._log.there(partition), entry)

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        return await self._inner.append_batch(self._log.there(partition), entries)


class _OwnSource:
    def __init__(self, inner: Source, log: OwnTopics) -> None:
        self._inner = inner
        self._log = log

    @property
    def assignment(self) -> frozenset[Partition]:
        return frozenset(self._log.here(partition) for partition in self._inner.assignment)

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        return [
            Record(self._log.here(r.partition), r.offset, r.key, r.value, r.timestamp)
            for r in await self._inner.poll(limit=limit, wait=wait)
        ]

    def seek(self, positions: Mapping[Partition, int]) -> None:
        self._inner.seek(self._log.outer(positions))

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        await self._inner.commit(self._log.outer(positions))


class FaultySink:
    """A sink that does what a log may do to one that appends.

    `lose` appends fail and leave nothing, `doubt` appends are there and fail all the same; while
    `held` is not set, nothing leaves.
    """

    def __init__(self, inner: Sink) -> None:
        self._inner = inner
        self.lose = 0
        self.doubt = 0
        self.held = asyncio.Event()
        self.held.set()

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, [entry])

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        await self.held.wait()
        if self.lose:
            self.lose -= 1
            raise LogUnavailable("lost")
        offset = await self._inner.append_batch(partition, entries)
        if self.doubt:
            self.doubt -= 1
            raise LogUnavailable("no answer")
        return offset
