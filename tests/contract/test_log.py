"""What every log promises about appending and reading (`shared/log.py`)."""

import asyncio

import pytest

from shared.errors import LogUnavailable, RecordTooLarge
from shared.log import MAX_APPEND_BYTES, Entry, Log, Partition
from tests.contract.logs import (
    new_topic,
    nothing_comes,
    numbered,
    numbers,
    read_all,
    take,
)


async def test_a_partition_keeps_its_order_and_its_offsets_have_no_gaps(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        offsets = [await sink.append(partition, entry) for entry in numbered(range(20))]
    records = await read_all(log, partition)
    assert numbers(records) == list(range(20))
    assert offsets == [record.offset for record in records] == list(range(20))


async def test_a_record_comes_back_as_it_was_written(log: Log) -> None:
    partition = Partition(await new_topic(log, 3), 2)
    entry = Entry(bytes(range(256)), bytes(range(255, -1, -1)))
    async with log.sink() as sink:
        await sink.append(partition, entry)
        await sink.append(partition, Entry(b"only a key", b""))
    record, empty = await read_all(log, partition)
    assert (record.partition, record.key, record.value) == (partition, entry.key, entry.value)
    assert (empty.key, empty.value) == (b"only a key", b"")


async def test_a_timestamp_is_the_time_of_the_append(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        await sink.append(partition, Entry(b"k", b"v"))
        first = (await read_all(log, partition))[0].timestamp
        await asyncio.sleep(0.02)
        await sink.append(partition, Entry(b"k", b"v"))
    second = (await read_all(log, partition))[1].timestamp
    assert 1_700_000_000_000 < first < second


async def test_many_partitions_keep_their_own_order(log: Log) -> None:
    topic = await new_topic(log, 64)
    partitions = [Partition(topic, number) for number in range(64)]
    async with log.sink() as sink:
        for round_ in range(3):
            await asyncio.gather(
                *[
                    sink.append(p, Entry(b"k", b"%d" % (100 * p.number + round_)))
                    for p in partitions
                ]
            )
    async with log.read(dict.fromkeys(partitions, 0)) as source:
        records = await take(source, 3 * 64)
    for partition in partitions:
        mine = [record for record in records if record.partition == partition]
        assert numbers(mine) == [100 * partition.number + round_ for round_ in range(3)]


async def test_concurrent_appends_are_all_there_once(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        offsets = await asyncio.gather(
            *[sink.append(partition, entry) for entry in numbered(range(500))]
        )
    records = await read_all(log, partition)
    assert sorted(offsets) == list(range(500))
    assert {int(r.value): r.offset for r in records} == dict(enumerate(offsets))


async def test_a_batch_is_contiguous_among_other_appends(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        results = await asyncio.gather(
            *[
                sink.append_batch(partition, numbered(range(start, start + 7)))
                for start in range(0, 700, 7)
            ],
            *[sink.append(partition, entry) for entry in numbered(range(1000, 1100))],
        )
    records = await read_all(log, partition)
    for index, first in enumerate(results[:100]):
        found = numbers(records[first : first + 7])
        assert found == list(range(7 * index, 7 * index + 7))
    assert len(records) == 800


async def test_pipelined_batches_stay_in_the_order_of_handing_over(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        tasks = [
            asyncio.ensure_future(sink.append_batch(partition, numbered(range(n, n + size))))
            for n, size in [(0, 1), (1, 300), (301, 2), (303, 50), (353, 1), (354, 46)]
        ]
        firsts = await asyncio.gather(*tasks)
    assert firsts == [0, 1, 301, 303, 353, 354]
    assert numbers(await read_all(log, partition)) == list(range(400))


async def test_a_big_record_passes(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    value = bytes(index * 7919 % 251 for index in range(900 * 1024))
    async with log.sink() as sink:
        await sink.append(partition, Entry(b"small", b"before"))
        await sink.append(partition, Entry(b"big", value))
        await sink.append(partition, Entry(b"small", b"after"))
    records = await read_all(log, partition)
    assert [record.value for record in records] == [b"before", value, b"after"]


@pytest.mark.parametrize(
    "sizes", [[MAX_APPEND_BYTES], [MAX_APPEND_BYTES // 2] * 2], ids=["record", "batch"]
)
async def test_what_is_too_large_is_refused_whole(log: Log, sizes: list[int]) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        with pytest.raises(RecordTooLarge):
            await sink.append_batch(partition, [Entry(b"k", bytes(size)) for size in sizes])
        await sink.append(partition, Entry(b"k", b"1"))
    assert numbers(await read_all(log, partition)) == [1]


async def test_an_empty_batch_is_a_mistake(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        with pytest.raises(ValueError, match="empty"):
            await sink.append_batch(partition, [])


async def test_a_partition_that_does_not_exist_is_unavailable(log: Log) -> None:
    topic = await new_topic(log, 2)
    async with log.sink() as sink:
        with pytest.raises(LogUnavailable):
            await sink.append(Partition(topic, 2), Entry(b"k", b"v"))
    with pytest.raises(LogUnavailable):
        await log.bounds([Partition(topic, 2)])
    with pytest.raises(LogUnavailable):
        async with log.read({Partition(topic, 2): 0}):
            pass


async def test_a_cancelled_append_still_happens(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        task = asyncio.create_task(sink.append(partition, Entry(b"k", b"1")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await sink.append(partition, Entry(b"k", b"2"))
    assert numbers(await read_all(log, partition)) == [1, 2]


async def test_leaving_the_sink_flushes_what_was_handed_over(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink:
        tasks = [
            asyncio.create_task(sink.append(partition, entry)) for entry in numbered(range(50))
        ]
        await asyncio.sleep(0)
    assert numbers(await read_all(log, partition)) == list(range(50))
    assert await asyncio.gather(*tasks) == list(range(50))


async def test_creating_topics_again_changes_nothing_and_more_partitions_are_added(
    log: Log,
) -> None:
    topic = await new_topic(log, 2)
    async with log.sink() as sink:
        await sink.append(Partition(topic, 1), Entry(b"k", b"1"))
        await log.create_topics({topic: 2})
        await log.create_topics({topic: 4})
        assert await sink.append(Partition(topic, 1), Entry(b"k", b"2")) == 1
    ends = await log.bounds([Partition(topic, number) for number in range(4)])
    assert [end for _, end in ends.values()] == [0, 2, 0, 0]


async def test_bounds_are_the_first_record_and_the_next_one(log: Log) -> None:
    topic = await new_topic(log, 2)
    written, empty = Partition(topic, 0), Partition(topic, 1)
    async with log.sink() as sink:
        await sink.append_batch(written, numbered(range(5)))
    assert await log.bounds([written, empty]) == {written: (0, 5), empty: (0, 0)}
    assert await log.bounds([]) == {}


async def test_a_reader_starts_where_it_is_told(log: Log) -> None:
    topic = await new_topic(log, 2)
    one, two = Partition(topic, 0), Partition(topic, 1)
    async with log.sink() as sink:
        await sink.append_batch(one, numbered(range(10)))
        await sink.append_batch(two, numbered(range(10)))
    async with log.read({one: 7}) as source:
        assert source.assignment == {one}
        assert numbers(await take(source, 3)) == [7, 8, 9]
        await nothing_comes(source)


async def test_a_reader_waits_for_what_is_yet_to_be_written(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.read({partition: 0}) as source, log.sink() as sink:
        await nothing_comes(source)
        waiting = asyncio.create_task(take(source, 1))
        await asyncio.sleep(0.05)
        await sink.append(partition, Entry(b"k", b"1"))
        assert numbers(await waiting) == [1]


async def test_a_lagging_reader_gets_everything_in_order(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.sink() as sink, log.read({partition: 0}) as source:
        for start in range(0, 5000, 100):
            await sink.append_batch(partition, numbered(range(start, start + 100)))
        polls = [await source.poll(limit=70, wait=5) for _ in range(10)]
        assert max(map(len, polls)) <= 70
        early = [record for poll in polls for record in poll]
        rest = await take(source, 5000 - len(early))
    assert numbers(early + rest) == list(range(5000))


async def test_seek_continues_elsewhere(log: Log) -> None:
    topic = await new_topic(log, 2)
    partition, other = Partition(topic, 0), Partition(topic, 1)
    async with log.sink() as sink, log.read({partition: 0}) as source:
        await sink.append_batch(partition, numbered(range(10)))
        await take(source, 10)
        source.seek({partition: 4, other: 0})
        assert numbers(await take(source, 6)) == [4, 5, 6, 7, 8, 9]
        assert source.assignment == {partition}


async def test_a_reader_outside_a_group_cannot_commit(log: Log) -> None:
    partition = Partition(await new_topic(log), 0)
    async with log.read({partition: 0}) as source:
        with pytest.raises(ValueError, match="group"):
            await source.commit({partition: 1})
