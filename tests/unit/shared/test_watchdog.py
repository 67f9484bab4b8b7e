import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from shared.clock import ManualClock
from shared.errors import LogUnavailable
from shared.log import Entry, Log, Partition
from shared.sqlite import SqliteLog
from shared.watchdog import Watchdog

ONE, TWO = Partition("t", 0), Partition("t", 1)


class Away(SqliteLog):
    """A log that does not answer."""

    async def bounds(self, partitions: Sequence[Partition]) -> dict[Partition, tuple[int, int]]:
        raise LogUnavailable


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def watchdog(clock: ManualClock) -> Watchdog:
    return Watchdog(patience=60, clock=clock)


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    async with SqliteLog(":memory:") as opened:
        await opened.create_topics({"t": 2})
        yield opened


async def _write(log: Log, count: int = 1) -> None:
    async with log.sink() as sink:
        await sink.append_batch(ONE, [Entry(b"k", b"v")] * count)


def test_nobody_to_watch_is_alive(watchdog: Watchdog) -> None:
    assert watchdog.alive()


def test_who_holds_partitions_and_does_not_poll_is_stuck(
    watchdog: Watchdog, clock: ManualClock
) -> None:
    progress = watchdog.progress("view")
    progress.polled([ONE])
    clock.advance(59)
    assert watchdog.alive()
    clock.advance(2)
    assert watchdog.stuck() == {"view": "neither polled nor worked"}
    progress.polled([ONE])
    assert watchdog.alive()


def test_who_holds_nothing_may_be_silent(watchdog: Watchdog, clock: ManualClock) -> None:
    progress = watchdog.progress("view")
    progress.polled([ONE])
    progress.released([ONE])
    clock.advance(1000)
    assert watchdog.alive()


def test_a_handler_that_comes_to_an_end_is_progress(watchdog: Watchdog, clock: ManualClock) -> None:
    """A dependency is away, so records are tried again and again: a restart would not help."""
    progress = watchdog.progress("view")
    progress.polled([ONE])
    for _ in range(10):
        clock.advance(30)
        progress.worked()
        assert watchdog.alive()


async def test_who_polls_and_gets_nothing_although_there_is_something_is_stuck(
    watchdog: Watchdog, clock: ManualClock, log: Log
) -> None:
    progress = watchdog.progress("view")
    progress.polled([ONE, TWO])
    await watchdog.compare(log)  # nothing has come yet: the end stands in for the position
    await _write(log)
    await watchdog.compare(log)
    clock.advance(61)
    assert watchdog.stuck() == {"view": "neither polled nor worked"}
    progress.polled([ONE, TWO])
    assert watchdog.stuck() == {"view": "nothing received from t/0"}
    progress.received(ONE, 0)
    assert watchdog.alive()


async def test_who_has_received_everything_may_wait_for_ever(
    watchdog: Watchdog, clock: ManualClock, log: Log
) -> None:
    progress = watchdog.progress("view")
    await _write(log, 3)
    progress.polled([ONE])
    progress.received(ONE, 2)
    for _ in range(5):
        await watchdog.compare(log)
        clock.advance(50)
        progress.polled([ONE])
        assert watchdog.alive()


async def test_who_is_behind_but_does_not_come_to_ask_is_not_starving(
    watchdog: Watchdog, clock: ManualClock, log: Log
) -> None:
    progress = watchdog.progress("notifier")
    await _write(log, 3)
    progress.polled([ONE])
    progress.received(ONE, 0)
    for _ in range(5):
        await watchdog.compare(log)
        clock.advance(50)
        progress.worked()
        assert watchdog.alive()


async def test_a_log_that_is_away_says_nothing_about_us(
    watchdog: Watchdog, clock: ManualClock
) -> None:
    progress = watchdog.progress("view")
    for _ in range(5):
        progress.polled([ONE])
        await watchdog.compare(Away(":memory:"))
        clock.advance(50)
    assert watchdog.alive()


async def test_the_event_loops_lag_is_measured(log: Log) -> None:
    watchdog = Watchdog()
    running = asyncio.create_task(watchdog.run(log))
    await asyncio.sleep(0.1)
    time.sleep(1.0)  # noqa: ASYNC251 - this is what must be noticed
    await asyncio.sleep(0.1)
    assert watchdog.lag > 0.3
    running.cancel()
    await asyncio.wait([running])
