"""The consumer loop on every log: members come and go while it works."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.clock import SystemClock
from shared.consumer import Consumer, Pace
from shared.dead_letters import DeadLetters
from shared.log import Entry, Log, Partition, Record
from tests.contract.logs import PATIENCE, OpenLog, new_topic

PARTITIONS = 4
COUNT = 400


class Ledger:
    """What all consumers have handled."""

    def __init__(self) -> None:
        self.handled: Counter[tuple[int, int]] = Counter()
        self.order: dict[bytes, list[int]] = {}

    async def __call__(self, record: Record) -> None:
        await asyncio.sleep(0.001)
        self.handled[record.partition.number, record.offset] += 1
        self.order.setdefault(record.key, []).append(int(record.value))


@asynccontextmanager
async def consuming(log: Log, group: str, topic: str, ledger: Ledger) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with log.sink() as sink, log.subscribe(group, [topic]) as source:
        letters = DeadLetters(sink, SystemClock(), 1, "/patchbay/test")
        consumer = Consumer(source, ledger, letters, pace=Pace(lanes=8, commit=0.1, handover=4))
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running


async def _produce(log: Log, topic: str) -> None:
    async with log.sink() as sink:
        for number in range(COUNT):
            key = b"%d" % (number % 16)
            partition = Partition(topic, number % PARTITIONS)
            await sink.append(partition, Entry(key, b"%d" % number))
            await asyncio.sleep(0.004)


async def test_members_that_come_and_go_in_good_order_handle_everything_once(
    open_log: OpenLog,
) -> None:
    group = f"g-{uuid.uuid4().hex}"
    ledger = Ledger()
    async with open_log() as log, open_log() as other:
        topic = await new_topic(log, PARTITIONS)
        producer = asyncio.create_task(_produce(log, topic))
        async with consuming(log, group, topic, ledger):
            for _ in range(2):
                async with consuming(other, group, topic, ledger):
                    await asyncio.wait([producer], timeout=0.6)
            await producer
            async with asyncio.timeout(PATIENCE):
                while len(ledger.handled) < COUNT:
                    await asyncio.wait([producer], timeout=0.05)
                    await asyncio.sleep(0.05)
    assert set(ledger.handled.values()) == {1}
    assert all(numbers == sorted(numbers) for numbers in ledger.order.values())
