"""The logs that the contract suite runs on, and what its tests do with any of them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from shared.kafka import KafkaLog, KafkaSettings
from shared.log import Entry, Log, Partition, Record, Source
from shared.sqlite import SqliteLog
from shared.sqlite.member import Rhythm

OpenLog = Callable[[], AbstractAsyncContextManager[Log]]
"""Opens the log under test: every call is one more client of the same records."""

PATIENCE = 30.0
"""Seconds after which what a test waits for has not happened."""


def sqlite_opener(path: Path) -> OpenLog:
    """Every client has its own connection and thread, as in a process of its own."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Log]:
        async with SqliteLog(path, rhythm=Rhythm(heartbeat=0.2, session=2, handover=5)) as log:
            yield log

    return opened


def memory_opener() -> OpenLog:
    """What is in memory is gone with its last client, so all clients are one."""
    clients: list[SqliteLog] = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[Log]:
        if clients:
            yield clients[0]
            return
        async with SqliteLog(":memory:", rhythm=Rhythm(heartbeat=0.2)) as log:
            clients.append(log)
            yield log
            clients.clear()

    return opened


def kafka_opener(servers: str) -> OpenLog:
    """Every client has connections of its own."""
    settings = KafkaSettings(servers, session=6, heartbeat=1, handover=5)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Log]:
        async with KafkaLog(settings) as log:
            yield log

    return opened


def opener_at(address: str) -> OpenLog:
    """For a log that is named: `sqlite:///path` or `kafka://servers`."""
    scheme, _, rest = address.partition("://")
    return {"sqlite": lambda: sqlite_opener(Path(rest)), "kafka": lambda: kafka_opener(rest)}[
        scheme
    ]()


async def new_topic(log: Log, partitions: int = 1) -> str:
    """A topic that no other test uses."""
    topic = f"t-{uuid.uuid4().hex}"
    await log.create_topics({topic: partitions})
    return topic


def numbered(numbers: Sequence[int], key: bytes = b"key") -> list[Entry]:
    """Entries whose values are the numbers."""
    return [Entry(key, str(number).encode()) for number in numbers]


def numbers(records: Sequence[Record]) -> list[int]:
    """The numbers that `numbered` wrote."""
    return [int(record.value) for record in records]


async def take(source: Source, count: int) -> list[Record]:
    """Poll until `count` records have come, and check that not a single one more has."""
    records: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while len(records) < count:
            records.extend(await source.poll())
    assert len(records) == count
    return records


async def nothing_comes(source: Source, seconds: float = 0.5) -> None:
    """Poll once for a while, in vain."""
    assert await source.poll(wait=seconds) == []


async def assigned(source: Source, partitions: set[Partition]) -> None:
    """Poll until the source reads exactly these partitions."""
    async with asyncio.timeout(PATIENCE):
        while source.assignment != partitions:
            assert await source.poll(wait=0.05) == []


async def read_all(log: Log, partition: Partition) -> list[Record]:
    """Every record that the partition retains now."""
    bounds = await log.bounds([partition])
    first, end = bounds[partition]
    async with log.read({partition: first}) as source:
        return await take(source, end - first)


def positions_after(records: Sequence[Record]) -> Mapping[Partition, int]:
    """What to commit when all of these have been worked off."""
    return {record.partition: record.offset + 1 for record in records}
