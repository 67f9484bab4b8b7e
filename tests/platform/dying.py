"""The notifier until it dies: by a bug, or as by kill -9 around one of its appends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from services.notifier.main import serve
from services.notifier.settings import NotifierSettings
from shared.cache import open_cache
from shared.clock import SystemClock
from shared.config.models import Config
from shared.events.base import Event
from shared.ids import new_id
from shared.log import Entry, Log, Partition, Sink
from shared.service import Deps, Probes
from tests.platform.notifying import PATIENCE, QUICK, SHARDS


async def run_until_it_fails(log: Log, redis_url: str, config: Config) -> None:
    """The service, until a bug ends it."""
    redis: Redis = open_cache(redis_url, timeout=0.5)
    deps = Deps(log, redis, SystemClock(), config, SHARDS, new_id("pod"), Probes())
    try:
        async with asyncio.timeout(PATIENCE):
            await serve(deps, NotifierSettings(**QUICK), asyncio.Event())
    except* AssertionError:
        pass
    finally:
        await redis.aclose()


class Killed(Exception):
    """The process ends here."""


class MortalSink:
    """A sink that ends its process around an append: `before` or `after` one of `kind`."""

    def __init__(self, inner: Sink, when: str, kind: type[Event]) -> None:
        self._inner = inner
        self._when = when
        self._kind = kind
        self._alive = True

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, [entry])

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        told = f'"type":"{self._kind.TYPE}"'.encode()
        fatal = any(told in entry.value for entry in entries)
        if not self._alive or (fatal and self._when == "before"):
            self._alive = False
            raise Killed
        offset = await self._inner.append_batch(partition, entries)
        if fatal:
            self._alive = False
            raise Killed
        return offset


class MortalLog:
    """A log whose sinks are mortal."""

    def __init__(self, inner: Log, when: str, kind: type[Event]) -> None:
        self._inner = inner
        self._when = when
        self._kind = kind

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        async with self._inner.sink() as inner:
            yield MortalSink(inner, self._when, self._kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def run_until_killed(log: Log, redis_url: str, config: Config, **settings: Any) -> None:
    """The service, until its log kills it."""
    redis: Redis = open_cache(redis_url, timeout=0.5)
    deps = Deps(log, redis, SystemClock(), config, SHARDS, new_id("pod"), Probes())
    try:
        async with asyncio.timeout(PATIENCE):
            await serve(deps, NotifierSettings(**{**QUICK, **settings}), asyncio.Event())
    except* Killed:
        pass
    finally:
        await redis.aclose()
