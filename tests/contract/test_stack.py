"""The servers that other tests run on are real, and take the faults that other tests inject."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from patchbay.stack import KafkaCluster, StackFailed, prepare_kafka
from patchbay.stack.readiness import known_brokers


async def _create(cluster: KafkaCluster, copies: int) -> TopicPartition:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.servers)
    await admin.start()
    try:
        topic = NewTopic(f"stack-{uuid4().hex}", num_partitions=1, replication_factor=copies)
        await admin.create_topics([topic])
    finally:
        await admin.close()
    return TopicPartition(topic.name, 0)


async def _produce(cluster: KafkaCluster, partition: TopicPartition, value: bytes) -> int:
    async with AIOKafkaProducer(bootstrap_servers=cluster.servers, acks="all") as producer:
        metadata = await producer.send_and_wait(partition.topic, value, partition=0)
        return int(metadata.offset)


async def _first(cluster: KafkaCluster, partition: TopicPartition) -> bytes:
    async with AIOKafkaConsumer(bootstrap_servers=cluster.servers) as consumer:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        record = await consumer.getone()
        return bytes(record.value)


async def test_a_killed_node_comes_back_with_its_records(kafka_cluster: KafkaCluster) -> None:
    partition = await _create(kafka_cluster, copies=1)
    assert await _produce(kafka_cluster, partition, b"kept") == 0
    (broker,) = kafka_cluster.brokers
    before = broker.pid
    broker.kill()
    assert not broker.running
    await kafka_cluster.restart(broker)
    assert broker.pid != before
    assert await _first(kafka_cluster, partition) == b"kept"
    assert await _produce(kafka_cluster, partition, b"next") == 1


async def test_a_stopped_node_ends_in_order_and_comes_back(kafka_cluster: KafkaCluster) -> None:
    partition = await _create(kafka_cluster, copies=1)
    await _produce(kafka_cluster, partition, b"kept")
    (broker,) = kafka_cluster.brokers
    assert await broker.stop()
    assert await known_brokers(broker.node.port) == frozenset()
    await kafka_cluster.heal()
    assert await _first(kafka_cluster, partition) == b"kept"


async def test_a_paused_node_is_silent_until_it_is_resumed(kafka_cluster: KafkaCluster) -> None:
    (broker,) = kafka_cluster.brokers
    broker.pause()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(known_brokers(broker.node.port), timeout=0.3)
    assert broker.running
    broker.resume()
    await kafka_cluster.wait_ready()
    assert await known_brokers(broker.node.port) == {1}


async def test_three_nodes_lose_one_and_nothing_else(
    kafka_cluster_of_three: KafkaCluster,
) -> None:
    cluster = kafka_cluster_of_three
    partition = await _create(cluster, copies=3)
    await _produce(cluster, partition, b"kept")
    cluster.brokers[0].kill()
    await cluster.wait_ready()
    assert await known_brokers(cluster.brokers[1].node.port) == {2, 3}
    assert await _produce(cluster, partition, b"next") == 1
    await cluster.restart(cluster.brokers[0])
    assert await known_brokers(cluster.brokers[0].node.port) == {1, 2, 3}
    assert await _first(cluster, partition) == b"kept"


async def test_topics_do_not_appear_by_themselves(kafka_servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    try:
        asked_for = f"stack-{uuid4().hex}"
        (described,) = await admin.describe_topics([asked_for])
        assert described["error_code"] == 3  # UNKNOWN_TOPIC_OR_PARTITION
        assert asked_for not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_start_that_fails_is_reported(kafka_cluster: KafkaCluster) -> None:
    (broker,) = kafka_cluster.brokers
    broker.kill()
    broker.spawn()
    with pytest.raises(StackFailed, match="no answer after 0 s"):
        await kafka_cluster.wait_ready(timeout=0)
    waiting = asyncio.create_task(kafka_cluster.wait_ready())
    await asyncio.sleep(0)
    broker.kill()
    with pytest.raises(StackFailed, match=r"nodes \[1\] ended"):
        await waiting


async def test_a_cluster_that_cannot_be_formatted_says_why(
    kafka_servers: str, tmp_path: Path
) -> None:
    assert kafka_servers  # Kafka itself can start here
    runtime = replace(await prepare_kafka(), jvm_options=("-XX:+NoSuchOption",))
    with pytest.raises(StackFailed, match="NoSuchOption"):
        await KafkaCluster(runtime, tmp_path, brokers=1).start()
