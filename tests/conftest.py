"""Real servers for every test that names their fixture."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from xdist.remote import Producer

from patchbay.stack import KafkaCluster, RedisServer, StackFailed, ToolMissing, prepare_kafka
from patchbay.stack.artefacts import locked
from patchbay.stack.settings import StackSettings
from tests.requirements import LeftOut
from tests.servers import kafka, redis
from tests.workers import Scheduling

_KAFKA_FIXTURES = {"kafka_servers", "fault_cluster", "fault_cluster_of_three"}
_REDIS_FIXTURES = {"redis_url", "empty_redis", "redis_server"}


def pytest_configure(config: pytest.Config) -> None:
    strict = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    config.pluginmanager.register(LeftOut(strict=strict), "left-out")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Deal the tests out to the workers."""
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test by the servers it uses, so that `-m "not kafka"` needs no discipline."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & _KAFKA_FIXTURES:
            item.add_marker(pytest.mark.kafka)
        if names & _REDIS_FIXTURES:
            item.add_marker(pytest.mark.redis)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka before the first test: a download must not count against a test's timeout."""
    if not session.config.option.collectonly and any(
        item.get_closest_marker("kafka") for item in session.items
    ):
        with (
            suppress(ToolMissing, StackFailed),  # the fixtures report it
            locked(StackSettings().cache / "tests.lock"),  # one worker does it for all
        ):
            asyncio.run(prepare_kafka())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_servers() -> AsyncIterator[str]:
    """The bootstrap servers of one Kafka node for all tests of a worker; use topics of your own."""
    async with kafka(1) as cluster:
        yield cluster.servers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fault_cluster() -> AsyncIterator[KafkaCluster]:
    """The node of `kafka_cluster`, for fixtures of a wider scope; they heal it."""
    async with kafka(1) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fault_cluster_of_three() -> AsyncIterator[KafkaCluster]:
    """The nodes of `kafka_cluster_of_three`, for fixtures of a wider scope; they heal them."""
    async with kafka(3) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def kafka_cluster(fault_cluster: KafkaCluster) -> AsyncIterator[KafkaCluster]:
    """One Kafka node to kill, pause and restart; it is healthy again before the next test."""
    yield fault_cluster
    await fault_cluster.heal()


@pytest_asyncio.fixture
async def kafka_cluster_of_three(
    fault_cluster_of_three: KafkaCluster,
) -> AsyncIterator[KafkaCluster]:
    """Three replicating nodes to kill, pause and restart, healthy again before the next test."""
    yield fault_cluster_of_three
    await fault_cluster_of_three.heal()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _shared_redis() -> AsyncIterator[RedisServer]:
    async with redis() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis_url(_shared_redis: RedisServer) -> str:
    """The URL of a Redis for all tests of a worker; use keys of your own, or `empty_redis`."""
    return _shared_redis.url


@pytest_asyncio.fixture
async def empty_redis(_shared_redis: RedisServer) -> str:
    """The URL of the shared Redis, emptied before this test."""
    await _shared_redis.flush()
    return _shared_redis.url


@pytest_asyncio.fixture
async def redis_server() -> AsyncIterator[RedisServer]:
    """A Redis of this test's own, to kill, pause and restart."""
    async with redis() as server:
        yield server
