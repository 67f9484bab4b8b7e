"""How partitions are shared, and what happens to members that fall silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import OwnershipLost
from shared.log import Entry, Partition
from shared.sqlite import SqliteLog
from shared.sqlite.groups import Membership, Standing, beat, commit, release, share
from shared.sqlite.store import Store

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


@given(
    members=st.lists(st.sets(st.sampled_from(["x", "y", "z"]), min_size=1), min_size=1, max_size=9),
    counts=st.dictionaries(st.sampled_from(["x", "y", "z"]), st.integers(0, 40)),
)
def test_every_partition_has_one_reader_and_the_load_is_even(
    members: list[set[str]], counts: dict[str, int]
) -> None:
    named = [(f"m{index}", sorted(topics)) for index, topics in enumerate(members)]
    shares = share(named, {topic: range(count) for topic, count in counts.items()})
    for topic, count in counts.items():
        readers = [name for name, topics in named if topic in topics]
        held = [len([p for p in shares[name] if p.topic == topic]) for name in readers]
        given_out = [p.number for mine in shares.values() for p in mine if p.topic == topic]
        assert sorted(given_out) == list(range(count if readers else 0))
        assert max(held, default=0) - min(held, default=0) <= 1


@given(members=st.integers(1, 9), count=st.integers(0, 64))
def test_equal_numbers_of_equally_divided_topics_go_together(members: int, count: int) -> None:
    named = [(f"m{index}", ["x", "y"]) for index in range(members)]
    shares = share(named, {"x": range(count), "y": range(count)})
    for mine in shares.values():
        numbers = [{p.number for p in mine if p.topic == topic} for topic in ("x", "y")]
        assert numbers[0] == numbers[1]


ONE, TWO = Partition("t", 0), Partition("t", 1)


def member(name: str) -> Membership:
    return Membership("group", name, ("t",), session=1000)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with SqliteLog(":memory:") as log:
        await log.create_topics({"t": 2})
        yield await log._committer.change(lambda store: store)


def test_a_partition_that_somebody_holds_is_waited_for(store: Store) -> None:
    first, second = member("first"), member("second")
    assert beat(store, first, 0).held.keys() == {ONE, TWO}
    assert beat(store, second, 10) == Standing({}, frozenset())
    assert beat(store, first, 20).wanted == {TWO}
    assert beat(store, second, 30).held.keys() == set()
    release(store, first, [TWO])
    assert beat(store, second, 40).held.keys() == {TWO}
    assert beat(store, first, 50) == Standing({ONE: 0}, frozenset())


def test_a_silent_member_loses_what_it_holds_and_cannot_commit_it(store: Store) -> None:
    silent, other = member("silent"), member("other")
    beat(store, silent, 0)
    commit(store, silent, {ONE: 5})
    assert beat(store, other, 1000).held.keys() == set()
    assert beat(store, other, 1001).held == {ONE: 5, TWO: 0}
    with pytest.raises(OwnershipLost):
        commit(store, silent, {ONE: 6})
    assert beat(store, silent, 1002).held == {}
    assert beat(store, other, 1003).wanted != frozenset()


def test_a_commit_is_all_or_nothing(store: Store) -> None:
    first, second = member("first"), member("second")
    beat(store, first, 0)
    release(store, first, [TWO])
    beat(store, second, 0)
    with pytest.raises(OwnershipLost):
        commit(store, first, {ONE: 3, TWO: 3})
    with pytest.raises(OwnershipLost):
        commit(store, first, {ONE: 3, Partition("t", 9): 3})
    assert beat(store, first, 1).held == {ONE: 0}


async def test_a_reader_that_never_comes_back_is_relieved_of_what_others_wait_for() -> None:
    """Its process lives and its heart beats, but nobody polls."""
    async with AsyncExitStack() as stack:
        from shared.sqlite.member import Rhythm

        rhythm = Rhythm(heartbeat=0.05, session=5, handover=0.1)
        log = await stack.enter_async_context(SqliteLog(":memory:", rhythm=rhythm))
        await log.create_topics({"t": 2})
        stuck = await stack.enter_async_context(log.subscribe("group", ["t"]))
        await stuck.poll(wait=0)
        assert stuck.assignment == {ONE, TWO}
        eager = await stack.enter_async_context(log.subscribe("group", ["t"]))
        async with asyncio.timeout(20):
            while not eager.assignment:
                await eager.poll(wait=0.05)
        with pytest.raises(OwnershipLost):
            await stuck.commit(dict.fromkeys(eager.assignment, 1))
        await stuck.poll(wait=0)
        assert stuck.assignment == {ONE, TWO} - eager.assignment


async def test_a_partition_added_later_is_read_too() -> None:
    async with SqliteLog(":memory:") as log:
        await log.create_topics({"t": 1})
        async with log.subscribe("group", ["t"]) as source, log.sink() as sink:
            await source.poll(wait=0)
            await log.create_topics({"t": 2})
            await sink.append(TWO, Entry(b"k", b"v"))
            async with asyncio.timeout(20):
                while not (records := await source.poll(wait=0.1)):
                    pass
    assert [record.partition for record in records] == [TWO]
