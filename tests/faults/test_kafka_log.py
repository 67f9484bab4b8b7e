"""The Kafka log while its brokers hang, die and come back."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress

import pytest

from patchbay.stack import KafkaCluster
from shared.errors import LogUnavailable
from shared.kafka import KafkaLog, KafkaSettings
from shared.log import Entry, Partition
from tests.contract.logs import new_topic, numbered, numbers, positions_after, read_all, take

OpenLog = Callable[[], AbstractAsyncContextManager[KafkaLog]]


def impatient(servers: str) -> KafkaSettings:
    return KafkaSettings(
        servers, append=2, connect=2, request=3, stop=1, session=6, heartbeat=1, handover=1
    )


@pytest.fixture
async def log(kafka_cluster: KafkaCluster) -> AsyncIterator[KafkaLog]:
    async with KafkaLog(impatient(kafka_cluster.servers)) as opened:
        yield opened


async def until_appended(log: KafkaLog, partition: Partition, value: bytes) -> int:
    """Append, and again for as long as the log says that it is not available."""
    async with asyncio.timeout(50), log.sink() as sink:
        while True:
            with suppress(LogUnavailable):
                return await sink.append(partition, Entry(b"k", value))
            await asyncio.sleep(0.1)


async def test_a_broker_that_hangs_is_unavailable_and_what_is_behind_fails_too(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        await sink.append_batch(partition, numbered([0, 1]))
        kafka_cluster.brokers[0].pause()
        outcomes = await asyncio.gather(
            *[sink.append_batch(partition, numbered([n, n])) for n in range(10, 20)],
            return_exceptions=True,
        )
        assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
        kafka_cluster.brokers[0].resume()
        async with asyncio.timeout(30):
            while True:
                with suppress(LogUnavailable):
                    await sink.append_batch(partition, numbered([2]))
                    break
    values = numbers(await read_all(log, partition))
    # What had left when the broker hung may have arrived: then whole batches, and in their order.
    arrived = values[2 : values.index(2)]
    assert values[:2] == [0, 1]
    assert arrived == [n for n in range(10, 20) for _ in range(2)][: len(arrived)]
    assert len(arrived) % 2 == 0
    assert set(values[2 + len(arrived) :]) == {2}


async def test_a_broker_that_comes_back_finds_everything_that_was_acknowledged(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    partition = Partition(await new_topic(log), 0)
    acknowledged: dict[int, int] = {}
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        async with log.sink() as sink:
            while not stop.is_set():
                with suppress(LogUnavailable):
                    acknowledged[number] = await sink.append(partition, numbered([number])[0])
                number += 1
                await asyncio.sleep(0.01)

    writer = asyncio.create_task(write())
    await asyncio.wait([writer], timeout=0.5)
    kafka_cluster.brokers[0].kill()
    await asyncio.wait([writer], timeout=3)
    before = len(acknowledged)
    await kafka_cluster.restart(kafka_cluster.brokers[0])
    async with asyncio.timeout(40):
        while len(acknowledged) < before + 50:
            await asyncio.wait([writer], timeout=0.1)
    stop.set()
    await writer
    records = {record.offset: int(record.value) for record in await read_all(log, partition)}
    assert {offset: number for number, offset in acknowledged.items()}.items() <= records.items()
    assert list(records.values()) == sorted(set(records.values()))


async def test_a_producer_that_the_broker_rejects_for_good_is_replaced(log: KafkaLog) -> None:
    """aiokafka does not give a sequence number back when a batch fails after it was drained."""
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        await sink.append_batch(partition, numbered([0]))
        supervisor = getattr(sink, "_supervisor")  # noqa: B009 - a Sink has none
        first = await supervisor.current()
        manager = first.producer._txn_manager
        manager.increment_sequence_number((partition.topic, partition.number), 3)
        with pytest.raises(LogUnavailable, match="OutOfOrderSequenceNumber"):
            await sink.append_batch(partition, numbered([1]))
        assert await sink.append_batch(partition, numbered([2])) == 1
        assert await supervisor.current() is not first
    assert numbers(await read_all(log, partition)) == [0, 2]


async def test_leaving_a_sink_is_bounded_while_the_broker_hangs(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    partition = Partition(await new_topic(log), 0)
    async with asyncio.timeout(30):
        async with log.sink() as sink:
            await sink.append_batch(partition, numbered([0]))
            kafka_cluster.brokers[0].pause()
            lost = asyncio.create_task(sink.append_batch(partition, numbered([1])))
            await asyncio.sleep(0.1)
        with pytest.raises(LogUnavailable):
            await lost


async def test_a_member_goes_on_after_its_broker_was_away(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    topic = await new_topic(log, 2)
    for number in range(2):
        await until_appended(log, Partition(topic, number), b"1")
    async with log.subscribe(f"g-{uuid.uuid4().hex}", [topic]) as source:
        records = await take(source, 2)
        await source.commit(positions_after(records))
        kafka_cluster.brokers[0].kill()
        with pytest.raises(LogUnavailable):
            await source.commit(positions_after(records))
        assert await source.poll(wait=0.2) == []
        await kafka_cluster.restart(kafka_cluster.brokers[0])
        for number in range(2):
            await until_appended(log, Partition(topic, number), b"2")
        async with asyncio.timeout(40):
            seen: list[int] = []
            while seen.count(2) < 2:
                seen += numbers(await source.poll(wait=0.5))


async def test_asking_and_joining_are_unavailable_while_the_broker_is_away(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    partition = Partition(await new_topic(log), 0)
    kafka_cluster.brokers[0].kill()
    async with asyncio.timeout(40):
        with pytest.raises(LogUnavailable):
            await log.bounds([partition])
        with pytest.raises(LogUnavailable):
            async with log.subscribe("g", [partition.topic]):
                pass
        with pytest.raises(LogUnavailable):
            async with log.read({partition: 0}):
                pass
        with pytest.raises(LogUnavailable):
            await log.create_topics({"another": 1})
        async with log.sink() as sink:
            with pytest.raises(LogUnavailable):
                await sink.append(partition, Entry(b"k", b"v"))


async def test_the_leader_of_a_partition_dies_and_nothing_acknowledged_is_lost(
    kafka_cluster_of_three: KafkaCluster,
) -> None:
    cluster = kafka_cluster_of_three
    async with KafkaLog(KafkaSettings(cluster.servers)) as log:
        topic = await new_topic(log, 6)
        partitions = [Partition(topic, number) for number in range(6)]
        acknowledged: dict[Partition, dict[int, int]] = {p: {} for p in partitions}
        stop = asyncio.Event()

        async def write(partition: Partition) -> None:
            number = 0
            while not stop.is_set():
                with suppress(LogUnavailable):
                    offset = await sink.append(partition, numbered([number])[0])
                    acknowledged[partition][offset] = number
                number += 1

        async with log.sink() as sink:
            writers = [asyncio.create_task(write(partition)) for partition in partitions]
            await asyncio.wait(writers, timeout=1)
            cluster.brokers[1].kill()
            before = {p: len(done) for p, done in acknowledged.items()}
            async with asyncio.timeout(50):
                while any(len(acknowledged[p]) < before[p] + 100 for p in partitions):
                    await asyncio.wait(writers, timeout=0.1)
            stop.set()
            await asyncio.gather(*writers)
        for partition in partitions:
            records = {r.offset: int(r.value) for r in await read_all(log, partition)}
            assert acknowledged[partition].items() <= records.items()
            assert list(records.values()) == sorted(set(records.values()))


async def test_with_too_few_replicas_nothing_is_acknowledged_and_the_producer_survives_it(
    kafka_cluster_of_three: KafkaCluster,
) -> None:
    """Two of three brokers gone: the minimum of in-sync replicas is not met."""
    cluster = kafka_cluster_of_three
    async with KafkaLog(impatient(cluster.servers)) as log:
        partition = Partition(await new_topic(log), 0)
        await until_appended(log, partition, b"0")
        for broker in cluster.brokers[1:]:
            broker.pause()
        async with log.sink() as sink:
            for _ in range(3):
                with pytest.raises(LogUnavailable):
                    await sink.append(partition, Entry(b"k", b"1"))
        await cluster.heal()
        last = await until_appended(log, partition, b"2")
        values = numbers(await read_all(log, partition))
    assert values[0] == 0
    assert values[last] == 2
    assert set(values) <= {0, 1, 2}
