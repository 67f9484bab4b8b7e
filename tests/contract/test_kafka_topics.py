"""How topics are created on a real Kafka."""

import random
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.errors import RecordTooLarge
from shared.kafka import KafkaLog, KafkaSettings
from shared.log import Entry, Partition, Retention


async def described(servers: str, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        (response,) = await admin.describe_configs([resource])
    finally:
        await admin.close()
    return {name: value for name, value, *_ in response.resources[0][4]}


@pytest.mark.parametrize(
    ("retention", "cleanup", "age"),
    [
        (Retention(), "delete", "-1"),
        (Retention(milliseconds=86_400_000), "delete", "86400000"),
        (Retention(compacted=True), "compact", "-1"),
    ],
    ids=["for ever", "by age", "compacted"],
)
async def test_a_topic_is_kept_as_it_should_be(
    kafka_servers: str, retention: Retention, cleanup: str, age: str
) -> None:
    topic = f"t-{uuid.uuid4().hex}"
    async with KafkaLog(KafkaSettings(kafka_servers), retention={topic: retention}) as log:
        await log.create_topics({topic: 1})
    config = await described(kafka_servers, topic)
    assert (config["cleanup.policy"], config["retention.ms"]) == (cleanup, age)
    assert config["unclean.leader.election.enable"] == "false"
    assert config["min.insync.replicas"] == "1"


async def test_three_brokers_replicate_and_two_must_have_it(
    kafka_cluster_of_three: object,
) -> None:
    servers: str = getattr(kafka_cluster_of_three, "servers")  # noqa: B009
    topic = f"t-{uuid.uuid4().hex}"
    async with KafkaLog(KafkaSettings(servers)) as log:
        await log.create_topics({topic: 2})
    assert (await described(servers, topic))["min.insync.replicas"] == "2"


async def test_a_topic_that_takes_less_than_we_send_refuses_it_and_goes_on(
    kafka_servers: str,
) -> None:
    topic = f"t-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    await admin.close()
    noise = random.Random(1).randbytes(5000)
    async with KafkaLog(KafkaSettings(kafka_servers)) as log, log.sink() as sink:
        place = Partition(topic, 0)
        assert await sink.append(place, Entry(b"k", b"small")) == 0
        with pytest.raises(RecordTooLarge):
            await sink.append(place, Entry(b"k", noise))
        assert await sink.append(place, Entry(b"k", b"small")) == 1
