"""The Redis that other tests run on is real, and takes the faults that other tests inject."""

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Refused
from redis.exceptions import TimeoutError as Silent

from patchbay.stack import RedisServer


def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=0.3, retry=Retry(NoBackoff(), 0))


async def test_a_killed_server_comes_back_empty(redis_server: RedisServer) -> None:
    async with _client(redis_server.url) as client:
        await client.set("name", "value")
        redis_server.kill()
        with pytest.raises(Refused):
            await client.get("name")
    await redis_server.heal()
    async with _client(redis_server.url) as client:
        assert await client.get("name") is None


async def test_a_paused_server_is_silent_and_forgets_nothing(redis_server: RedisServer) -> None:
    async with _client(redis_server.url) as client:
        await client.set("name", "value")
    redis_server.pause()
    async with _client(redis_server.url) as client:
        with pytest.raises(Silent):
            await client.get("name")
    await redis_server.heal()
    async with _client(redis_server.url) as client:
        assert await client.get("name") == b"value"


async def test_a_stopped_server_is_gone(redis_server: RedisServer) -> None:
    await redis_server.stop()
    assert not redis_server.running
    async with _client(redis_server.url) as client:
        with pytest.raises(Refused):
            await client.ping()


async def test_a_flushed_server_is_empty(redis_server: RedisServer) -> None:
    async with _client(redis_server.url) as client:
        await client.set("name", "value")
        await redis_server.flush()
        assert await client.dbsize() == 0


async def test_nothing_is_written_to_disk(redis_server: RedisServer) -> None:
    async with _client(redis_server.url) as client:
        persistence = await client.info("persistence")
        assert persistence["aof_enabled"] == 0
        assert await client.config_get("save") == {"save": ""}


async def test_the_shared_server_is_emptied_before_each_test(
    redis_url: str, empty_redis: str
) -> None:
    assert redis_url == empty_redis
    async with _client(empty_redis) as client:
        assert await client.dbsize() == 0
