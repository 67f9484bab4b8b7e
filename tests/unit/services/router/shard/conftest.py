"""Owners at work: on the embedded log, and where the log matters on Kafka too."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from shared.kafka import KafkaLog, KafkaSettings
from shared.log import Log
from shared.sqlite import SqliteLog
from shared.sqlite.member import Rhythm
from tests.router.logs import OwnTopics
from tests.router.shards import Site, site

OpenLog = Callable[[], AbstractAsyncContextManager[Log]]


def _memory(_request: pytest.FixtureRequest) -> OpenLog:
    return lambda: SqliteLog(":memory:", rhythm=Rhythm(heartbeat=0.1, session=3))


def _kafka(request: pytest.FixtureRequest) -> OpenLog:
    servers: str = request.getfixturevalue("kafka_servers")
    return lambda: KafkaLog(KafkaSettings(servers, session=6, heartbeat=1, handover=2))


_OPENERS = {"memory": _memory, "kafka": _kafka}


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def open_log(request: pytest.FixtureRequest) -> OpenLog:
    return _OPENERS[request.param](request)


@pytest.fixture
async def log(open_log: OpenLog) -> AsyncIterator[OwnTopics]:
    async with open_log() as inner:
        yield OwnTopics(inner, f"t-{uuid.uuid4().hex}-")


@pytest.fixture
async def place(log: OwnTopics) -> AsyncIterator[Site]:
    """A site of one shard."""
    async with site(log) as found:
        yield found


@pytest.fixture
async def memory_place() -> AsyncIterator[Site]:
    """A site of one shard in memory, where any log would do."""
    async with SqliteLog(":memory:") as inner, site(OwnTopics(inner, "")) as found:
        yield found
