"""A record that kills the process is buried at last, on a real Redis."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.cache import open_cache
from shared.clock import ManualClock
from shared.log import Entry, Partition
from shared.sqlite import SqliteLog
from shared.strikes import LIMIT, Strikes
from shared.topics import DEAD_LETTERS
from tests.contract import strikes_child

PLACE = Partition("inbound", 3)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_cache(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def group() -> str:
    return f"g-{uuid.uuid4().hex}"


async def test_strikes_are_kept_for_the_next_process(
    redis: Redis, clock: ManualClock, group: str
) -> None:
    first = Strikes(redis, clock, group, "first")
    await first.enter(PLACE, 0)
    for _ in range(LIMIT):
        await first.strike(PLACE, 41)
    await first.strike(PLACE, 42)
    watch = await Strikes(redis, clock, group, "second").enter(PLACE, 40)
    assert [watch.condemned(offset) for offset in (40, 41, 42)] == [False, True, False]


async def test_a_survivor_loses_its_strikes(redis: Redis, clock: ManualClock, group: str) -> None:
    strikes = Strikes(redis, clock, group, "first")
    for _ in range(LIMIT):
        await strikes.strike(PLACE, 41)
    await strikes.survived(PLACE, 41)
    assert not (await strikes.enter(PLACE, 41)).condemned(41)


async def test_deaths_without_progress_call_for_care(
    redis: Redis, clock: ManualClock, group: str
) -> None:
    watches = [await Strikes(redis, clock, group, f"pod-{n}").enter(PLACE, 10) for n in range(4)]
    assert [watch.careful(10) for watch in watches] == [False, False, True, True]
    assert not watches[3].careful(100_000)


async def test_a_holder_that_leaves_in_good_order_has_not_died(
    redis: Redis, clock: ManualClock, group: str
) -> None:
    for number in range(6):
        strikes = Strikes(redis, clock, group, f"pod-{number}")
        assert not (await strikes.enter(PLACE, 10)).careful(10)
        await strikes.leave(PLACE)


async def test_one_who_is_no_longer_the_holder_does_not_speak_for_it(
    redis: Redis, clock: ManualClock, group: str
) -> None:
    zombie = Strikes(redis, clock, group, "zombie")
    await zombie.enter(PLACE, 10)
    await Strikes(redis, clock, group, "pod-1").enter(PLACE, 10)
    await zombie.leave(PLACE)
    assert (await Strikes(redis, clock, group, "pod-2").enter(PLACE, 10)).careful(10)


@pytest.mark.parametrize(
    ("moved", "later"), [(5000, 0), (0, 4000)], ids=["with progress", "long ago"]
)
async def test_deaths_that_have_nothing_to_do_with_each_other_do_not_count(
    redis: Redis, clock: ManualClock, group: str, moved: int, later: int
) -> None:
    watches = []
    for number in range(5):
        strikes = Strikes(redis, clock, group, f"pod-{number}")
        watches.append(await strikes.enter(PLACE, number * moved))
        clock.advance(later)
    assert not any(watch.careful(0) for watch in watches)


async def test_without_redis_nothing_is_counted_and_nothing_fails(
    clock: ManualClock, group: str
) -> None:
    nowhere = open_cache("redis://127.0.0.1:1/0", timeout=0.2)
    strikes = Strikes(nowhere, clock, group, "pod")
    watch = await strikes.enter(PLACE, 0)
    await strikes.strike(PLACE, 0)
    await strikes.survived(PLACE, 0)
    await strikes.leave(PLACE)
    assert not watch.condemned(0)
    assert not watch.careful(0)
    await nowhere.aclose()


async def _run_once(file: Path, redis_url: str, group: str, way: str) -> tuple[int, list[str]]:
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", strikes_child.__name__, str(file), redis_url, group, way],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(30):
        out, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode().split()


@pytest.mark.parametrize(
    ("way", "status", "deaths"),
    [("bug", 1, LIMIT), ("kill", -signal.SIGKILL, LIMIT + 2)],
)
async def test_a_record_that_kills_the_process_again_and_again_is_buried(
    tmp_path: Path, redis_url: str, group: str, way: str, status: int, deaths: int
) -> None:
    """An exception is a strike from the first time on, a silent death is suspected at first."""
    file = tmp_path / "log.db"
    values = [b"first", strikes_child.POISON, strikes_child.LAST]
    async with SqliteLog(file) as log:
        await log.create_topics({strikes_child.TOPIC: 1, DEAD_LETTERS.name: 1})
        async with log.sink() as sink:
            for value in values:
                await sink.append(Partition(strikes_child.TOPIC, 0), Entry(b"k", value))
    runs = [await _run_once(file, redis_url, group, way) for _ in range(deaths + 1)]
    assert [run[0] for run in runs] == [status] * deaths + [0]
    assert runs[-1][1][-1] == "last"
    assert "first" in runs[0][1] + runs[-1][1]
    async with SqliteLog(file) as log, log.read({Partition(DEAD_LETTERS.name, 0): 0}) as source:
        (record,) = await source.poll(wait=0)
    letter = DEAD_LETTERS.decoder().decode(record.value).data
    assert (letter.reason, letter.origin) == ("bug", "inbound/0/1")
