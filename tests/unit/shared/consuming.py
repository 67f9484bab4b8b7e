"""A consumer on an in-memory log, for the tests of `shared/consumer.py`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from shared.clock import ManualClock
from shared.consumer import Consumer, Outcome, Pace
from shared.dead_letters import DeadLetters, Fuse
from shared.events.dead import DeadLetter
from shared.handling import Handle
from shared.log import Entry, Log, Partition, Record, Source
from shared.topics import DEAD_LETTERS

TOPIC = "inbound"
GROUP = "test"
SHARDS = 2
PATIENCE = 20.0

PROMPT = Pace(lanes=8, depth=4, commit=0, handover=1)


class Heard:
    """What a consumer reported, to wait for."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._news = asyncio.Event()

    def __call__(self, _topic: str, outcome: Outcome) -> None:
        self.outcomes[outcome] += 1
        self._news.set()

    async def count(self, outcome: Outcome, count: int) -> None:
        """Wait until this has happened so often."""
        async with asyncio.timeout(PATIENCE):
            while self.outcomes[outcome] < count:
                self._news.clear()
                await self._news.wait()


def entries(*values: str, key: bytes = b"key") -> list[Entry]:
    return [Entry(key, value.encode()) for value in values]


async def write(log: Log, *values: str, key: bytes = b"key", number: int = 0) -> None:
    """Append records to a partition of the topic."""
    async with log.sink() as sink:
        await sink.append_batch(Partition(TOPIC, number), entries(*values, key=key))


@asynccontextmanager
async def consumer_of(
    log: Log, handle: Handle[Record], *, source: Source | None = None, **options: Any
) -> AsyncIterator[tuple[Consumer, Heard]]:
    """A consumer of the topic, ready to run."""
    heard = Heard()
    fuse: Fuse | None = options.pop("fuse", None)
    pace: Pace = options.pop("pace", PROMPT)
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    async with log.sink() as sink, log.subscribe(GROUP, [TOPIC]) as member:
        letters = DeadLetters(sink, clock, SHARDS, "/patchbay/test", fuse)
        yield (
            Consumer(
                source or member, handle, letters, clock=clock, pace=pace, observe=heard, **options
            ),
            heard,
        )


@asynccontextmanager
async def consuming(log: Log, handle: Handle[Record], **options: Any) -> AsyncIterator[Heard]:
    """A consumer that runs for as long as the context; leaving stops it well."""
    stop = asyncio.Event()
    async with consumer_of(log, handle, **options) as (consumer, heard):
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield heard
        finally:
            stop.set()
            async with asyncio.timeout(PATIENCE):
                await running


async def consume_to_the_end(log: Log, handle: Handle[Record], **options: Any) -> None:
    """Run a consumer that ends by itself; raises what it raises."""
    async with consumer_of(log, handle, **options) as (consumer, _):
        async with asyncio.timeout(PATIENCE):
            await consumer.run(asyncio.Event())


async def committed(log: Log) -> list[str]:
    """What the group would read next: the values behind its committed positions."""
    async with log.subscribe(GROUP, [TOPIC]) as source:
        return [record.value.decode() for record in await source.poll(wait=0)]


async def letters(log: Log) -> list[DeadLetter]:
    """Everything in `dead-letters`."""
    partitions = [Partition(DEAD_LETTERS.name, number) for number in range(SHARDS)]
    decoder = DEAD_LETTERS.decoder()
    async with log.read(dict.fromkeys(partitions, 0)) as source:
        found: Sequence[Record] = await source.poll(wait=0)
    return [decoder.decode(record.value).data for record in found]
