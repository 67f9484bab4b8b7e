"""A shop and its notifier, for the tests of this folder."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from shared.sqlite import SqliteLog
from tests.platform.alerting import Shop, shop
from tests.platform.notifying import memory_log, running_notifier
from tests.platform.providing import FakeProvider, fake_provider
from tests.platform.scripted import scripted_channels


@dataclass
class World:
    """Everything around a notifier."""

    log: SqliteLog
    shop: Shop
    provider: FakeProvider
    redis_url: str

    def running(self, **changes: Any) -> Any:
        """The notifier, with these changes of the alert rule."""
        return running_notifier(self.log, self.redis_url, shop(self.provider.url, **changes))

    def reached(self) -> list[str]:
        """The accounts that sent, in order."""
        return [body["account"] for body in self.provider.seen]


@pytest_asyncio.fixture
async def world(empty_redis: str) -> AsyncIterator[World]:
    with scripted_channels():
        async with memory_log() as log, fake_provider() as provider:
            yield World(log, Shop(log), provider, empty_redis)
