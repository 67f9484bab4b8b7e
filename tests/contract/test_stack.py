"""The servers that other tests run on are real, and take the faults that other tests inject."""

from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from patchbay.stack import KafkaCluster


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
