"""The shared limiter on a real Valkey: the same arithmetic as ours, and a way to go on without."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from patchbay.stack import RedisServer
from services.notifier.gcra import Rate
from services.notifier.limiter import Denied, Limiter
from shared.cache import asked, open_cache
from shared.channels import Limits
from shared.clock import ManualClock, SystemClock
from tests.unit.services.notifier.test_retries import WRITTEN

WHATSAPP = Limits(text=1, per_second=80, per_recipient_seconds=6, burst_per_recipient=45)


@pytest_asyncio.fixture
async def redis(empty_redis: str) -> AsyncIterator["Redis"]:
    client = open_cache(empty_redis)
    yield client
    await client.aclose()


def _limiter(redis: "Redis", share: float = 0.2, workspace: float = 10_000) -> Limiter:
    return Limiter(redis, SystemClock(), share=share, workspace_per_second=workspace)


async def _passed(limiter: Limiter, count: int, to: str, limits: Limits) -> int:
    denied = [await limiter.admit("w", "c", "a", to, limits) for _ in range(count)]
    return denied.count(None)


async def test_one_recipient_gets_a_burst_and_then_has_to_wait(redis: "Redis") -> None:
    limits = Limits(text=1, per_second=100_000, per_recipient_seconds=6, burst_per_recipient=45)
    limiter = _limiter(redis)

    passed = await _passed(limiter, 60, "t", limits)
    denied = await limiter.admit("w", "c", "a", "t", limits)

    assert passed == 45
    assert isinstance(denied, Denied)
    assert not denied.shared
    assert 0 < denied.seconds <= 6
    assert await limiter.admit("w", "c", "a", "somebody else", limits) is None


async def test_pods_share_an_account(redis: "Redis") -> None:
    limits = Limits(text=1, per_second=1)
    first, second = _limiter(redis), _limiter(redis)

    assert await first.admit("w", "c", "a", "t", limits) is None
    denied = await second.admit("w", "c", "a", "t", limits)

    assert isinstance(denied, Denied)
    assert denied.shared
    assert await second.admit("w", "c", "another account", "t", limits) is None


async def test_a_workspace_has_a_limit_of_its_own(redis: "Redis") -> None:
    limiter = _limiter(redis, workspace=1)
    limits = Limits(text=1, per_second=1000)

    assert await limiter.admit("w", "c", "a", "t", limits) is None
    assert await limiter.admit("w", "c", "b", "t", limits) is not None
    assert await limiter.admit("another", "c", "a", "t", limits) is None


async def test_a_call_that_is_denied_costs_nothing(redis: "Redis") -> None:
    slow = Limits(text=1, per_second=1000, per_recipient_seconds=60)
    limiter = _limiter(redis)
    await limiter.admit("w", "c", "a", "t", slow)
    keys = sorted(await redis.keys("patchbay:rate:*"))
    before = await redis.mget(keys)

    denied = await limiter.admit("w", "c", "a", "t", slow)

    assert denied is not None
    assert await redis.mget(keys) == before


async def test_keys_name_nobody_and_do_not_stay(redis: "Redis") -> None:
    await _limiter(redis).admit("w", "c", "a", "+4915112345678", WHATSAPP)

    keys = await redis.keys("*")
    lives = [await redis.pttl(key) for key in keys]

    assert len(keys) == 3
    assert not any("4915112345678" in key for key in keys)
    assert all(0 < life < 60_000 for life in lives)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    interval=st.integers(5, 50),
    burst=st.integers(1, 5),
    pauses=st.lists(st.integers(0, 20), min_size=1, max_size=25),
)
def test_no_window_of_the_servers_clock_sees_more_than_the_limit(
    empty_redis: str, interval: int, burst: int, pauses: list[int]
) -> None:
    moments = asyncio.run(_admitted(empty_redis, Rate(interval / 1000, burst), pauses))

    for first, (begun, _) in enumerate(moments):
        for last, (_, ended) in enumerate(moments[first:], start=1):
            assert last <= burst + int((ended - begun) / (interval / 1000))


async def _admitted(url: str, rate: Rate, pauses: list[int]) -> list[tuple[float, float]]:
    """The server's time before and after each call that was let through; pauses in ms."""
    client = open_cache(url)
    limits = Limits(
        text=1,
        per_second=1e6,
        per_recipient_seconds=rate.interval,
        burst_per_recipient=rate.burst,
    )
    limiter = Limiter(client, SystemClock(), share=1, workspace_per_second=1e6)
    found: list[tuple[float, float]] = []
    try:
        await client.flushdb()
        for pause in pauses:
            await asyncio.sleep(pause / 1000)
            before = await _time(client)
            denied = await limiter.admit("w", "c", "a", "t", limits)
            found += [(before, await _time(client))] * (denied is None)
    finally:
        await client.aclose()
    return found


async def _time(client: "Redis") -> float:
    seconds, microseconds = await asked(client.time())
    return int(seconds) + int(microseconds) / 1e6


async def test_without_redis_each_pod_keeps_to_its_share(redis_server: RedisServer) -> None:
    client = open_cache(redis_server.url, timeout=0.3)
    clock = ManualClock(WRITTEN)
    limiter = Limiter(client, clock, share=0.25, workspace_per_second=1000)
    redis_server.kill()

    first = await limiter.admit("w", "c", "a", "t", WHATSAPP)
    second = await limiter.admit("w", "c", "a", "t", WHATSAPP)
    clock.advance(24)
    later = await limiter.admit("w", "c", "a", "t", WHATSAPP)
    await client.aclose()

    assert (first, later) == (None, None)
    assert isinstance(second, Denied)
    assert (round(second.seconds), second.shared) == (24, False)
