"""What every log promises to the members of a consumer group (`shared/log.py`)."""

import asyncio
import uuid
from contextlib import suppress

import pytest

from shared.errors import OwnershipLost
from shared.log import Log, Partition, Record, Source
from tests.contract.logs import (
    PATIENCE,
    OpenLog,
    assigned,
    new_topic,
    nothing_comes,
    numbered,
    numbers,
    positions_after,
    take,
)


@pytest.fixture
def group() -> str:
    return f"g-{uuid.uuid4().hex}"


async def _together(one: Source, two: Source, topic: str, partitions: int) -> None:
    """Poll both until they share all partitions and neither has none."""
    everything = {Partition(topic, number) for number in range(partitions)}
    async with asyncio.timeout(PATIENCE):
        while not (
            one.assignment
            and two.assignment
            and one.assignment | two.assignment == everything
            and not one.assignment & two.assignment
        ):
            await asyncio.gather(one.poll(wait=0.05), two.poll(wait=0.05))


async def test_a_group_starts_at_the_beginning(log: Log, group: str) -> None:
    topic = await new_topic(log, 2)
    async with log.sink() as sink:
        await sink.append_batch(Partition(topic, 0), numbered(range(3)))
        await sink.append_batch(Partition(topic, 1), numbered(range(3, 6)))
    async with log.subscribe(group, [topic]) as source:
        assert sorted(numbers(await take(source, 6))) == list(range(6))
        assert source.assignment == {Partition(topic, 0), Partition(topic, 1)}


async def test_a_group_resumes_from_what_it_committed(log: Log, group: str) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        await sink.append_batch(partition, numbered(range(10)))
    async with log.subscribe(group, [partition.topic]) as source:
        records = await take(source, 10)
        await source.commit(positions_after(records[:6]))
    async with log.subscribe(group, [partition.topic]) as source:
        assert numbers(await take(source, 4)) == [6, 7, 8, 9]
        await nothing_comes(source)


async def test_what_was_not_committed_is_delivered_again(log: Log, group: str) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        await sink.append_batch(partition, numbered(range(5)))
    async with log.subscribe(group, [partition.topic]) as source:
        assert numbers(await take(source, 5)) == list(range(5))
    async with log.subscribe(group, [partition.topic]) as source:
        assert numbers(await take(source, 5)) == list(range(5))


async def test_groups_do_not_know_of_each_other(log: Log, group: str) -> None:
    partition = Partition(await new_topic(log), 0)
    async with (
        log.subscribe(group, [partition.topic]) as one,
        log.subscribe(f"{group}-other", [partition.topic]) as two,
        log.sink() as sink,
    ):
        await sink.append_batch(partition, numbered(range(5)))
        records = await take(one, 5)
        await one.commit(positions_after(records))
        assert numbers(await take(two, 5)) == list(range(5))


async def test_a_member_of_a_group_can_seek(log: Log, group: str) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink, log.subscribe(group, [partition.topic]) as source:
        await sink.append_batch(partition, numbered(range(10)))
        await take(source, 10)
        source.seek({partition: 8})
        assert numbers(await take(source, 2)) == [8, 9]


async def test_two_members_share_the_partitions_and_read_each_record_once(
    open_log: OpenLog, group: str
) -> None:
    async with open_log() as log, open_log() as other:
        topic = await new_topic(log, 8)
        async with (
            log.subscribe(group, [topic]) as one,
            other.subscribe(group, [topic]) as two,
            log.sink() as sink,
        ):
            await _together(one, two, topic, 8)
            await asyncio.gather(
                *[
                    sink.append(Partition(topic, n % 8), e)
                    for n, e in enumerate(numbered(range(80)))
                ]
            )
            first, second = await asyncio.gather(
                take(one, 10 * len(one.assignment)), take(two, 10 * len(two.assignment))
            )
        assert len(one.assignment) == len(two.assignment) == 4
        assert sorted(numbers([*first, *second])) == list(range(80))


async def test_a_leaving_member_hands_over_where_it_stopped(open_log: OpenLog, group: str) -> None:
    async with open_log() as log, open_log() as other:
        topic = await new_topic(log, 4)
        partitions = {Partition(topic, number) for number in range(4)}
        async with log.subscribe(group, [topic]) as staying, log.sink() as sink:
            async with other.subscribe(group, [topic]) as leaving:
                await _together(staying, leaving, topic, 4)
                for partition in partitions:
                    await sink.append_batch(partition, numbered(range(4)))
                mine = await take(leaving, 4 * len(leaving.assignment))
                seen = [record for record in mine if int(record.value) < 3]
                await leaving.commit(positions_after(seen))
                kept = await take(staying, 4 * len(staying.assignment))
                await staying.commit(positions_after(kept))
            handed_over = await take(staying, 2)
            assert numbers(handed_over) == [3, 3]
            await assigned(staying, partitions)


async def test_a_coming_member_lets_the_first_one_finish(log: Log, group: str) -> None:
    topic = await new_topic(log, 2)
    async with log.subscribe(group, [topic]) as first, log.sink() as sink:
        for number in range(2):
            await sink.append_batch(Partition(topic, number), numbered(range(3)))
        in_hand = await take(first, 6)
        async with log.subscribe(group, [topic]) as second:
            positions = positions_after(in_hand)
            async with asyncio.timeout(PATIENCE):
                while first.assignment == {Partition(topic, 0), Partition(topic, 1)}:
                    assert await first.poll(wait=0.05) == []
            # It has left the assignment, and until the next poll it can still be committed.
            await first.commit(positions)
            await _together(first, second, topic, 2)
            await asyncio.gather(nothing_comes(first), nothing_comes(second))


async def test_equal_partition_numbers_of_all_topics_go_to_the_same_member(
    open_log: OpenLog, group: str
) -> None:
    async with open_log() as log, open_log() as other:
        topics = [await new_topic(log, 6), await new_topic(log, 6)]
        everything = {Partition(topic, number) for topic in topics for number in range(6)}
        async with log.subscribe(group, topics) as one, other.subscribe(group, topics) as two:
            async with asyncio.timeout(PATIENCE):
                while not (
                    one.assignment | two.assignment == everything
                    and len(one.assignment) == len(two.assignment)
                ):
                    await asyncio.gather(one.poll(wait=0.05), two.poll(wait=0.05))
            for source in (one, two):
                held = [{p.number for p in source.assignment if p.topic == t} for t in topics]
                assert held[0] == held[1]
                assert len(held[0]) == 3


async def test_a_commit_of_what_is_not_ours_is_refused_whole(open_log: OpenLog, group: str) -> None:
    async with open_log() as log, open_log() as other:
        topic = await new_topic(log, 2)
        async with log.subscribe(group, [topic]) as one, other.subscribe(group, [topic]) as two:
            await _together(one, two, topic, 2)
            (mine,), (theirs,) = one.assignment, two.assignment
            with pytest.raises(OwnershipLost):
                await one.commit({mine: 1, theirs: 1})
            await one.commit({mine: 1})
        async with log.sink() as sink:
            await sink.append_batch(mine, numbered(range(2)))
            await sink.append_batch(theirs, numbered(range(2)))
        async with log.subscribe(group, [topic]) as again:
            records = await take(again, 3)
        assert {(r.partition, r.offset) for r in records} == {(mine, 1), (theirs, 0), (theirs, 1)}


async def test_a_commit_of_nothing_is_nothing(log: Log, group: str) -> None:
    topic = await new_topic(log)
    async with log.subscribe(group, [topic]) as source:
        await source.commit({})


async def _consume(log: Log, group: str, topic: str, stop: asyncio.Event) -> list[Record]:
    """Commit whatever comes, until told to stop; what came."""
    seen: list[Record] = []
    async with log.subscribe(group, [topic]) as source:
        while not stop.is_set():
            records = await source.poll(wait=0.05)
            seen.extend(records)
            with suppress(OwnershipLost):  # whoever has it now reads it again
                await source.commit(positions_after(records))
    return seen


async def _produce(log: Log, topic: str, count: int) -> None:
    async with log.sink() as sink:
        for number, entry in enumerate(numbered(range(count))):
            await sink.append(Partition(topic, number % 4), entry)
            await asyncio.sleep(0.005)


async def test_many_handovers_lose_nothing_and_keep_the_order(
    open_log: OpenLog, group: str
) -> None:
    """Members come and go while records flow, and one stays until all has been read."""
    async with open_log() as log, open_log() as other:
        topic = await new_topic(log, 4)
        stop = asyncio.Event()
        steady = asyncio.create_task(_consume(log, group, topic, stop))
        producer = asyncio.create_task(_produce(log, topic, 400))
        seen: list[Record] = []
        for _ in range(2):
            leave = asyncio.Event()
            passing = asyncio.create_task(_consume(other, group, topic, leave))
            await asyncio.wait([passing], timeout=0.7)
            leave.set()
            seen.extend(await passing)
        await producer
        async with log.subscribe(f"{group}-control", [topic]) as control:
            assert len(await take(control, 400)) == 400
        await asyncio.wait([steady], timeout=1)
        stop.set()
        seen.extend(await steady)
    assert {int(record.value) for record in seen} == set(range(400))
