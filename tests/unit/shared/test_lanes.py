import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.lanes import Lanes, LanesBroken


class Bug(Exception):
    pass


async def _fail() -> None:
    raise Bug


async def test_a_key_keeps_its_order_and_leaving_runs_everything() -> None:
    seen: dict[bytes, list[int]] = defaultdict(list)

    async def job(key: bytes, number: int) -> None:
        await asyncio.sleep(0.001 * (number % 3))
        seen[key].append(number)

    async with Lanes(count=4, depth=2) as lanes:
        for number in range(60):
            key = b"k%d" % (number % 7)
            await lanes.put(key, partial(job, key, number))
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert sum(map(len, seen.values())) == 60


async def test_keys_run_side_by_side_and_one_key_never_does() -> None:
    running: dict[bytes, int] = defaultdict(int)
    together: list[int] = []

    async def job(key: bytes) -> None:
        running[key] += 1
        assert running[key] == 1
        together.append(sum(running.values()))
        await asyncio.sleep(0.002)
        running[key] -= 1

    async with Lanes(count=8, depth=8) as lanes:
        for number in range(40):
            key = b"k%d" % (number % 10)
            await lanes.put(key, partial(job, key))
    assert max(together) > 1


async def test_a_full_lane_makes_the_giver_wait() -> None:
    gate = asyncio.Event()

    async def job() -> None:
        await gate.wait()

    async with Lanes(count=1, depth=2) as lanes:
        for _ in range(2):
            await lanes.put(b"k", job)
        await asyncio.sleep(0)  # the lane takes one of them up
        await lanes.put(b"k", job)
        waiting = asyncio.create_task(lanes.put(b"k", job))
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        gate.set()
        await waiting


async def test_those_who_wait_for_a_lane_keep_their_order() -> None:
    seen: list[int] = []
    gate = asyncio.Event()

    async def job(number: int) -> None:
        await gate.wait()
        seen.append(number)

    async with Lanes(count=1, depth=1) as lanes:
        givers = [
            asyncio.create_task(lanes.put(b"k", partial(job, number))) for number in range(10)
        ]
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*givers)
    assert seen == list(range(10))


async def test_drained_waits_for_what_runs_and_what_waits() -> None:
    done: list[int] = []

    async def job(number: int) -> None:
        await asyncio.sleep(0.005)
        done.append(number)

    async with Lanes(count=2, depth=4) as lanes:
        for number in range(8):
            await lanes.put(b"%d" % number, partial(job, number))
        await lanes.drained()
        assert len(done) == 8
        await lanes.put(b"k", partial(job, 8))
    assert len(done) == 9


async def test_a_bug_in_a_job_surfaces_and_stops_the_rest() -> None:
    finished: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(30)
        finished.append("slow")

    other = next(key for key in (b"%d" % n for n in range(99)) if hash(key) % 2 != hash(b"a") % 2)

    async def run() -> None:
        async with Lanes(count=2, depth=4) as lanes:
            await lanes.put(b"a", slow)
            await lanes.put(other, _fail)
            await asyncio.sleep(30)

    with pytest.raises(Bug):
        await run()
    assert finished == []


async def test_a_bug_surfaces_when_the_lanes_are_being_drained() -> None:
    with pytest.raises(Bug):
        async with Lanes(count=1, depth=4) as lanes:
            await lanes.put(b"a", _fail)


async def test_putting_into_a_dead_lane_does_not_hang() -> None:
    outcomes: list[type[BaseException]] = []

    async def feed(lanes: Lanes) -> None:
        try:
            while True:
                await lanes.put(b"a", partial(asyncio.sleep, 0))
        except LanesBroken as error:
            outcomes.append(type(error))

    async def run() -> None:
        async with Lanes(count=1, depth=1) as lanes:
            await lanes.put(b"a", partial(asyncio.sleep, 0.01))
            await lanes.put(b"a", _fail)
            others = [asyncio.create_task(feed(lanes)) for _ in range(3)]
            try:
                await asyncio.sleep(30)
            finally:
                await asyncio.gather(*others)

    with pytest.raises(Bug):
        await run()
    assert outcomes == [LanesBroken] * 3


async def test_an_error_in_the_body_cancels_the_jobs() -> None:
    cancelled = asyncio.Event()

    async def job() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def run() -> None:
        async with Lanes(count=1, depth=1) as lanes:
            await lanes.put(b"k", job)
            await asyncio.sleep(0)
            raise Bug

    with pytest.raises(Bug):
        await run()
    assert cancelled.is_set()


async def test_cancelling_the_owner_cancels_the_jobs_while_they_drain() -> None:
    cancelled = asyncio.Event()

    async def job() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            cancelled.set()

    async def own() -> None:
        async with Lanes(count=1, depth=1) as lanes:
            await lanes.put(b"k", job)

    owner = asyncio.create_task(own())
    await asyncio.sleep(0.01)
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    assert cancelled.is_set()


def _busy_lanes(partitions: int) -> int:
    """How many of 64 lanes the keys of one partition use, when there are as many partitions."""
    used: set[int] = set()
    keys = (b"conversation-%d" % number for number in range(64 * 500))
    mine = [key for key in keys if crc32(key) % partitions == 7]

    async def run() -> None:
        async with Lanes(64, 1000) as lanes:
            for key in mine:
                await lanes.put(key, partial(note, asyncio.current_task))

    async def note(current: Callable[[], object]) -> None:
        used.add(id(current()))

    asyncio.run(run())
    return len(used)


def test_the_keys_of_one_partition_are_spread_over_the_lanes() -> None:
    assert _busy_lanes(partitions=64) > 48


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 5),
    depth=st.integers(1, 4),
    work=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=60),
)
def test_any_work_runs_once_and_in_order_per_key(
    count: int, depth: int, work: list[tuple[int, int]]
) -> None:
    seen: dict[int, list[int]] = defaultdict(list)

    async def job(key: int, index: int, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        seen[key].append(index)

    async def run() -> None:
        async with Lanes(count, depth) as lanes:
            for index, (key, turns) in enumerate(work):
                await lanes.put(b"%d" % key, partial(job, key, index, turns))

    asyncio.run(run())
    expected: dict[int, list[int]] = defaultdict(list)
    for index, (key, _) in enumerate(work):
        expected[key].append(index)
    assert seen == expected
