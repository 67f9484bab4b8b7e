"""Attempts to sign in are counted without Redis, too: by each replica for itself."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.router.api.attempts import PER_AGENT, Attempts
from services.router.api.problems import Problem
from shared.cache import open_cache
from shared.clock import ManualClock
from tests.router.owner import NOW

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest_asyncio.fixture
async def counting() -> AsyncIterator[tuple[Attempts, ManualClock]]:
    clock = ManualClock(NOW)
    async with open_cache(NOBODY_LISTENS, timeout=0.2) as redis:
        yield Attempts(redis, clock), clock


async def exhaust(attempts: Attempts) -> None:
    for _ in range(PER_AGENT):
        await attempts.count("shop", "ana", "192.0.2.1")


async def test_a_window_ends(counting: tuple[Attempts, ManualClock]) -> None:
    attempts, clock = counting
    await exhaust(attempts)
    with pytest.raises(Problem) as refused:
        await attempts.count("shop", "ana", "192.0.2.1")
    assert refused.value.headers["Retry-After"] == "61"
    clock.advance(60)
    await exhaust(attempts)


async def test_who_signs_in_begins_anew(counting: tuple[Attempts, ManualClock]) -> None:
    attempts, _ = counting
    await exhaust(attempts)
    await attempts.forget("shop", "ana")
    await exhaust(attempts)


async def test_what_is_counted_is_bounded(counting: tuple[Attempts, ManualClock]) -> None:
    attempts, _ = counting
    await exhaust(attempts)
    for number in range(10_050):
        attempts._ask_here(f"other-{number}", 1)
    assert len(attempts._local) == 10_000
    await attempts.count("shop", "ana", "192.0.2.1")
