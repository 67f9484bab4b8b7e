"""The limit for whoever publishes: the same records appended to Kafka with nothing around it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer

from shared.clock import SystemClock
from shared.kafka import KafkaSettings
from shared.log import Entry, Log, Partition
from shared.opening import open_log
from tests.bench.load import Load
from tests.bench.place import Place

Append = Callable[[Partition, Sequence[Entry]], Awaitable[object]]


@asynccontextmanager
async def through_sink(found: Place) -> AsyncIterator[Append]:
    """Our sink, as the services use it."""
    async with (
        open_log(found.log_url, SystemClock(), found.shards) as log,
        log.sink() as sink,
    ):
        yield sink.append_batch


@asynccontextmanager
async def through_aiokafka(found: Place) -> AsyncIterator[Append]:
    """aiokafka's producer with our settings, and nothing of ours."""
    settings = KafkaSettings(servers=found.log_url.removeprefix("kafka://"))
    producer = AIOKafkaProducer(**settings.producer())
    await producer.start()

    async def one(partition: Partition, entries: Sequence[Entry]) -> object:
        topic, number = partition
        sent = [
            await producer.send(topic, entry.value, key=entry.key, partition=number)
            for entry in entries
        ]
        return await sent[-1]

    try:
        yield one
    finally:
        await producer.stop()


async def append_all(
    append: Append,
    partition: Partition,
    batches: Iterable[Sequence[Entry]],
    appenders: int,
    seconds: float,
) -> Load:
    """As fast as so many appenders can that wait for each acknowledgement."""
    load = Load()
    queue = iter(batches)
    begun = time.perf_counter()

    async def appender() -> None:
        for batch in queue:
            sent = time.perf_counter()
            await append(partition, batch)
            now = time.perf_counter()
            load.latencies.append(now - sent)
            if now - begun > seconds:
                return

    await asyncio.gather(*(appender() for _ in range(appenders)))
    load.seconds = time.perf_counter() - begun
    return load


async def records_of(log: Log, partition: Partition, count: int) -> list[Entry]:
    """The last `count` records of a partition, to be appended again."""
    bounds = await log.bounds([partition])
    first, end = bounds[partition]
    start = max(first, end - count)
    found: list[Entry] = []
    async with log.read({partition: start}) as source:
        while len(found) < end - start:
            found += [Entry(record.key, record.value) for record in await source.poll()]
    return found
