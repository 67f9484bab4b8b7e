"""One customer is not written to more often than he should be, by whatever pod."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio
from redis.asyncio import Redis

from services.notifier.alerts.frequency import Frequency, Told
from shared.cache import open_cache
from tests.unit.services.notifier.alerts.test_rules import NOW


@pytest_asyncio.fixture
async def redis(empty_redis: str) -> AsyncIterator["Redis"]:
    client = open_cache(empty_redis)
    yield client
    await client.aclose()


def _told(alert: str, hours: float = 0, contact: str = "c") -> Told:
    return Told("acme", contact, alert, NOW + timedelta(hours=hours))


async def test_a_gap_between_two_alerts(redis: "Redis") -> None:
    frequency = Frequency(redis, per_day=100)

    assert await frequency.claim(_told("one"), gap_hours=24) == 0
    assert await frequency.claim(_told("two", hours=1), gap_hours=24) == 23 * 3600
    assert await frequency.claim(_told("two", hours=24), gap_hours=24) == 0


async def test_the_same_alert_passes_again(redis: "Redis") -> None:
    """Its next channel, or the same step after a crash."""
    frequency = Frequency(redis, per_day=1)
    await frequency.claim(_told("one"), gap_hours=24)

    assert await frequency.claim(_told("one", hours=1), gap_hours=24) == 0


async def test_so_many_a_day(redis: "Redis") -> None:
    frequency = Frequency(redis, per_day=2)
    first = [await frequency.claim(_told(str(n), hours=n), gap_hours=0) for n in range(2)]

    assert first == [0, 0]
    assert await frequency.claim(_told("third", hours=2), gap_hours=0) > 21 * 3600
    assert await frequency.claim(_told("third", hours=24.01), gap_hours=0) == 0


async def test_customers_do_not_count_for_each_other(redis: "Redis") -> None:
    frequency = Frequency(redis, per_day=1)
    await frequency.claim(_told("one"), gap_hours=24)

    assert await frequency.claim(_told("two", contact="d"), gap_hours=24) == 0


async def test_what_redis_forgot_it_is_told_again(redis: "Redis") -> None:
    frequency = Frequency(redis, per_day=100)
    await frequency.refresh(0, [])
    await frequency.claim(_told("one"), gap_hours=24)
    await redis.flushdb()
    await frequency.refresh(0, [_told("one")])

    assert await frequency.claim(_told("two", hours=1), gap_hours=24) == 23 * 3600


async def test_keys_name_nobody_and_do_not_stay(redis: "Redis") -> None:
    await Frequency(redis, per_day=100).claim(_told("one", contact="ada@example.com"), 0)
    (key,) = await redis.keys("*")

    assert "ada" not in key
    assert 0 < await redis.pttl(key) <= 8 * 86_400_000
