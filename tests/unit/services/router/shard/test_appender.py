"""Appending in a pipeline, sure of being the only one."""

import asyncio
from collections.abc import Sequence

import pytest

from services.router.shard.appender import BATCH_BYTES, Appender
from shared.errors import LogUnavailable, OwnershipLost
from shared.log import Entry, Partition

SHARD = Partition("routing", 0)


class SlowSink:
    """Answers when it is told to, with the offset it is told."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Entry]] = []
        self.replies: list[asyncio.Future[int]] = []

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, [entry])

    async def append_batch(self, _partition: Partition, entries: Sequence[Entry]) -> int:
        reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.batches.append(entries)
        self.replies.append(reply)
        return await reply


def entries(count: int, size: int = 10) -> list[Entry]:
    return [Entry(b"k", b"x" * size) for _ in range(count)]


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_batches_are_in_flight_together_and_true_in_order() -> None:
    """A later answer waits for the earlier one."""
    sink, done = SlowSink(), list[int]()
    appender = Appender(sink, SHARD, 10, 2, lambda: None)
    appender.append(entries(2), lambda: done.append(1))
    appender.append(entries(3), lambda: done.append(2))
    await _settle()
    assert not appender.has_room

    sink.replies[1].set_result(12)
    await _settle()
    assert (done, appender.acknowledged) == ([], 10)
    sink.replies[0].set_result(10)
    await _settle()

    assert (done, appender.acknowledged, appender.handed_over) == ([1, 2], 15, 15)
    assert appender.idle


async def test_large_appends_are_divided() -> None:
    """Only the last part makes it done."""
    sink, done = SlowSink(), list[int]()
    appender = Appender(sink, SHARD, 0, 9, lambda: None)
    appender.append(entries(5, BATCH_BYTES // 2 - 100), lambda: done.append(1))
    await _settle()

    assert [len(batch) for batch in sink.batches] == [2, 2, 1]
    for reply, offset in zip(sink.replies, (0, 2, 4), strict=True):
        assert done == []
        reply.set_result(offset)
        await _settle()
    assert done == [1]


async def test_another_offset_than_expected_means_that_somebody_else_wrote() -> None:
    """Nothing after it is true, wherever it landed."""
    sink, done = SlowSink(), list[int]()
    appender = Appender(sink, SHARD, 0, 9, lambda: None)
    appender.append(entries(2), lambda: done.append(1))
    appender.append(entries(2), lambda: done.append(2))
    await _settle()
    sink.replies[0].set_result(1)
    sink.replies[1].set_result(3)
    await appender.drain()

    assert isinstance(appender.failure, OwnershipLost)
    assert (done, appender.acknowledged) == ([], 0)


@pytest.mark.parametrize("error", [LogUnavailable("no answer"), ValueError("a bug")])
async def test_a_failed_append_ends_it(error: Exception) -> None:
    """What we do not know to be true is not taken for true."""
    sink = SlowSink()
    told: list[bool] = []
    appender = Appender(sink, SHARD, 0, 9, lambda: told.append(True))
    appender.append(entries(1), lambda: None)
    await _settle()
    sink.replies[0].set_exception(error)
    await _settle()

    assert appender.failure is error
    assert told
