import asyncio
import random
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualClock
from shared.errors import CacheUnavailable, LogUnavailable, PayloadInvalid, TookTooLong
from shared.handling import backoff, retrying, within


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


class Flaky:
    """Raises what it is given, one after the other, then returns."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def __call__(self, _thing: object) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)


async def test_a_retryable_failure_is_tried_again_until_it_works(clock: ManualClock) -> None:
    handle = Flaky(LogUnavailable(), CacheUnavailable())
    await retrying(handle, lambda: iter([1.0, 2.0, 4.0]), clock.sleep)("thing")
    assert handle.calls == 3
    assert clock.monotonic() == 3.0


async def test_the_last_failure_is_the_one_reported(clock: ManualClock) -> None:
    handle = Flaky(LogUnavailable("first"), LogUnavailable("second"), LogUnavailable("third"))
    with pytest.raises(LogUnavailable, match="third"):
        await retrying(handle, lambda: iter([1.0, 1.0]), clock.sleep)("thing")


@pytest.mark.parametrize("failure", [PayloadInvalid(), ValueError()], ids=["named", "bug"])
async def test_what_would_not_get_better_is_not_tried_again(
    clock: ManualClock, failure: Exception
) -> None:
    handle = Flaky(failure)
    with pytest.raises(type(failure)):
        await retrying(handle, backoff, clock.sleep)("thing")
    assert handle.calls == 1


@given(first=st.floats(0.01, 5), factor=st.floats(1, 100), seed=st.integers())
def test_delays_are_within_a_doubling_ceiling(first: float, factor: float, seed: int) -> None:
    longest = first * factor
    pick = random.Random(seed).uniform
    delays = list(islice(backoff(first, longest, pick=pick), 20))
    for made, delay in enumerate(delays):
        assert 0.0 <= delay <= min(first * 2**made, longest) * 1.000001


def test_attempts_bound_the_delays() -> None:
    assert list(backoff(1, 8, attempts=5, pick=max)) == [1, 2, 4, 8]
    assert list(backoff(attempts=1)) == []


async def test_a_handler_that_takes_too_long_is_cancelled_and_named() -> None:
    cancelled = asyncio.Event()

    async def hang(_thing: object) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cancelled.set()

    with pytest.raises(TookTooLong):
        await within(0.01, hang)("thing")
    assert cancelled.is_set()


async def test_a_handler_in_time_is_left_alone() -> None:
    handle = Flaky()
    await within(5, handle)("thing")
    assert handle.calls == 1


async def test_the_handlers_own_timeout_is_not_renamed() -> None:
    with pytest.raises(TimeoutError):
        await within(5, Flaky(TimeoutError()))("thing")
