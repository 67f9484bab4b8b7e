"""A notifier's surroundings, for the tests of this folder."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from shared.config.models import Config
from shared.sqlite import SqliteLog
from tests.platform.notifying import Board, configuration, memory_log
from tests.platform.providing import FakeProvider, fake_provider
from tests.platform.scripted import scripted_channels


@dataclass
class World:
    """Everything around a notifier."""

    log: SqliteLog
    board: Board
    provider: FakeProvider
    config: Config
    redis_url: str


@pytest_asyncio.fixture
async def world(empty_redis: str) -> AsyncIterator[World]:
    with scripted_channels():
        async with memory_log() as log, fake_provider() as provider:
            yield World(log, Board(log), provider, configuration(provider.url), empty_redis)
