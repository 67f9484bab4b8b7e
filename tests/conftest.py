"""Real servers for every test that names their fixture."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio

from patchbay.stack import (
    KafkaCluster,
    RedisServer,
    StackFailed,
    ToolMissing,
    prepare_kafka,
    running_kafka,
    running_redis,
)
from tests.requirements import LeftOut, leave_out

_KAFKA_FIXTURES = {"kafka_servers", "kafka_cluster", "kafka_cluster_of_three"}
_REDIS_FIXTURES = {"redis_url", "empty_redis", "redis_server"}


def pytest_configure(config: pytest.Config) -> None:
    strict = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    config.pluginmanager.register(LeftOut(strict=strict), "left-out")


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
        with suppress(ToolMissing, StackFailed):  # the fixtures report it
            asyncio.run(prepare_kafka())


@asynccontextmanager
async def _kafka(brokers: int) -> AsyncIterator[KafkaCluster]:
    try:
        async with running_kafka(brokers) as cluster:
            yield cluster
    except ToolMissing as missing:
        leave_out(missing.tool, missing.package)


@asynccontextmanager
async def _redis() -> AsyncIterator[RedisServer]:
    try:
        async with running_redis() as server:
            yield server
    except ToolMissing as missing:
        leave_out(missing.tool, missing.package)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_servers() -> AsyncIterator[str]:
    """The bootstrap servers of one Kafka node that all tests share; use topic names of your own."""
    async with _kafka(1) as cluster:
        yield cluster.servers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _fault_cluster() -> AsyncIterator[KafkaCluster]:
    async with _kafka(1) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _fault_cluster_of_three() -> AsyncIterator[KafkaCluster]:
    async with _kafka(3) as cluster:
        yield cluster


@pytest_asyncio.fixture
async def kafka_cluster(_fault_cluster: KafkaCluster) -> AsyncIterator[KafkaCluster]:
    """One Kafka node to kill, pause and restart; it is healthy again before the next test."""
    yield _fault_cluster
    await _fault_cluster.heal()


@pytest_asyncio.fixture
async def kafka_cluster_of_three(
    _fault_cluster_of_three: KafkaCluster,
) -> AsyncIterator[KafkaCluster]:
    """Three replicating nodes to kill, pause and restart, healthy again before the next test."""
    yield _fault_cluster_of_three
    await _fault_cluster_of_three.heal()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _shared_redis() -> AsyncIterator[RedisServer]:
    async with _redis() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis_url(_shared_redis: RedisServer) -> str:
    """The URL of a Redis that all tests share; use a key prefix of your own, or `empty_redis`."""
    return _shared_redis.url


@pytest_asyncio.fixture
async def empty_redis(_shared_redis: RedisServer) -> str:
    """The URL of the shared Redis, emptied before this test."""
    await _shared_redis.flush()
    return _shared_redis.url


@pytest_asyncio.fixture
async def redis_server() -> AsyncIterator[RedisServer]:
    """A Redis of this test's own, to kill, pause and restart."""
    async with _redis() as server:
        yield server
