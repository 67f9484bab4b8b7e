import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import ManualClock
from shared.log import Entry, Partition, Retention
from shared.sqlite import SqliteLog
from shared.sqlite import retention as module

DAY = 86_400
AGED, LATEST, KEPT = Partition("aged", 0), Partition("latest", 0), Partition("kept", 0)
RETENTION = {
    "aged": Retention(milliseconds=14 * DAY * 1000),
    "latest": Retention(milliseconds=14 * DAY * 1000, compacted=True),
    "kept": Retention(),
    "not there": Retention(milliseconds=1),
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def log(clock: ManualClock) -> AsyncIterator[SqliteLog]:
    async with SqliteLog(":memory:", clock=clock, retention=RETENTION) as opened:
        await opened.create_topics({"aged": 1, "latest": 1, "kept": 1})
        yield opened


async def append(log: SqliteLog, partition: Partition, *keys: bytes) -> None:
    async with log.sink() as sink:
        await sink.append_batch(partition, [Entry(key, b"value") for key in keys])


async def offsets(log: SqliteLog, partition: Partition) -> list[int]:
    async with log.read({partition: 0}) as source:
        return [record.offset for record in await source.poll(limit=10_000, wait=0)]


async def test_old_records_go_and_the_offsets_of_the_others_stay(
    log: SqliteLog, clock: ManualClock
) -> None:
    await append(log, AGED, b"a", b"b")
    clock.advance(13 * DAY)
    await append(log, AGED, b"c")
    clock.advance(2 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, AGED) == [2]
    assert await log.bounds([AGED]) == {AGED: (2, 3)}


async def test_a_partition_that_is_emptied_goes_on_counting(
    log: SqliteLog, clock: ManualClock
) -> None:
    await append(log, AGED, b"a", b"b")
    clock.advance(15 * DAY)
    await log._janitor.sweep()
    assert await log.bounds([AGED]) == {AGED: (2, 2)}
    await append(log, AGED, b"c")
    assert await offsets(log, AGED) == [2]


async def test_what_was_emptied_goes_on_counting_after_a_restart(
    clock: ManualClock, tmp_path: object
) -> None:
    file = f"{tmp_path}/log.db"
    async with SqliteLog(file, clock=clock, retention=RETENTION) as log:
        await log.create_topics({"aged": 1})
        await append(log, AGED, b"a", b"b")
        clock.advance(15 * DAY)
        await log._janitor.sweep()
    async with SqliteLog(file, clock=clock, retention=RETENTION) as log:
        await append(log, AGED, b"c")
        assert await offsets(log, AGED) == [2]


async def test_a_record_behind_a_younger_one_waits_for_it(
    log: SqliteLog, clock: ManualClock
) -> None:
    """The clock was set back: what is kept stays contiguous."""
    clock.advance(10 * DAY)
    await append(log, AGED, b"younger")
    clock.advance(-10 * DAY)
    await append(log, AGED, b"older")
    clock.advance(15 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, AGED) == [0, 1]
    clock.advance(10 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, AGED) == []


async def test_of_a_compacted_topic_the_latest_of_every_key_stays_for_ever(
    log: SqliteLog, clock: ManualClock
) -> None:
    await append(log, LATEST, b"a", b"b", b"a", b"c", b"a", b"b")
    clock.advance(100 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, LATEST) == [3, 4, 5]
    assert await log.bounds([LATEST]) == {LATEST: (0, 6)}


async def test_without_a_limit_everything_stays(log: SqliteLog, clock: ManualClock) -> None:
    await append(log, KEPT, b"a", b"a")
    clock.advance(10_000 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, KEPT) == [0, 1]


async def test_a_reader_that_lags_behind_the_beginning_starts_there(
    log: SqliteLog, clock: ManualClock
) -> None:
    await append(log, AGED, b"a", b"b")
    async with log.read({AGED: 0}) as source, log.subscribe("g", ["aged"]) as member:
        clock.advance(15 * DAY)
        await append(log, AGED, b"c")
        await log._janitor.sweep()
        assert [r.offset for r in await source.poll(wait=1)] == [2]
        assert [r.offset for r in await member.poll(wait=1)] == [2]


async def test_much_is_removed_in_portions(
    log: SqliteLog, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PORTION", 10)
    await append(log, AGED, *[b"k"] * 35)
    await append(log, LATEST, *[b"k"] * 35)
    clock.advance(15 * DAY)
    await log._janitor.sweep()
    assert await offsets(log, AGED) == []
    assert await offsets(log, LATEST) == [34]


async def test_what_is_open_is_swept_by_itself(clock: ManualClock, tmp_path: object) -> None:
    file = f"{tmp_path}/log.db"
    async with SqliteLog(file, clock=clock) as log:
        await log.create_topics({"aged": 1})
        await append(log, AGED, b"a")
    clock.advance(15 * DAY)
    async with (
        SqliteLog(file, clock=clock, retention=RETENTION) as log,
        asyncio.timeout(20),
        log.read({AGED: 0}) as source,
    ):
        while await log.bounds([AGED]) != {AGED: (1, 1)}:
            await source.poll(wait=0.01)


@settings(deadline=None, max_examples=25)
@given(ages=st.lists(st.integers(0, 30), max_size=12), keys=st.lists(st.sampled_from("abc")))
def test_what_may_go_goes_and_nothing_else(ages: list[int], keys: list[str]) -> None:
    async def run() -> None:
        clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        async with SqliteLog(":memory:", clock=clock, retention=RETENTION) as log:
            await log.create_topics({"aged": 1, "latest": 1})
            for age in sorted(ages, reverse=True):
                clock.advance((30 - age) * DAY - clock.monotonic())
                await append(log, AGED, b"k")
            for key in keys:
                await append(log, LATEST, key.encode())
            clock.advance(30 * DAY - clock.monotonic())
            await log._janitor.sweep()
            old = sum(age > 14 for age in ages)
            assert await offsets(log, AGED) == list(range(old, len(ages)))
            latest = {key: offset for offset, key in enumerate(keys)}
            assert await offsets(log, LATEST) == sorted(latest.values())

    asyncio.run(run())
