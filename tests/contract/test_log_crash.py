"""kill -9: nothing that was acknowledged is lost, and what was in hand is delivered again."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.log import Partition, Record
from tests.contract import crash_child
from tests.contract.logs import PATIENCE, new_topic, numbered, opener_at, read_all, take


def _sqlite(_request: pytest.FixtureRequest, folder: Path) -> str:
    return f"sqlite://{folder / 'log.db'}"


def _kafka(request: pytest.FixtureRequest, _folder: Path) -> str:
    return f"kafka://{request.getfixturevalue('kafka_servers')}"


_ADDRESSES: dict[str, Callable[[pytest.FixtureRequest, Path], str]] = {
    "sqlite": _sqlite,
    "kafka": _kafka,
}


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _ADDRESSES[request.param](request, tmp_path)


@asynccontextmanager
async def _child(address: str, topic: str, work: str) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", crash_child.__name__, address, topic, work],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _report(child: asyncio.subprocess.Process, lines: int) -> list[list[int]]:
    """The first lines that the child printed."""
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return [
            [int(word) for word in (await child.stdout.readline()).split()] for _ in range(lines)
        ]


async def _rest(child: asyncio.subprocess.Process) -> list[list[int]]:
    """What a killed child had still printed; the last line may be cut off."""
    assert child.stdout is not None
    whole, _, _ = (await child.stdout.read()).rpartition(b"\n")
    return [[int(word) for word in line.split()] for line in whole.splitlines()]


def _batches(records: list[Record]) -> list[tuple[int, int, int, int]]:
    """What is in a partition: (offset, writer, number, size) of every batch."""
    found: list[tuple[int, int, int, int]] = []
    for record in records:
        number, index = map(int, record.value.split())
        if index == 0:
            found.append((record.offset, int(record.key), number, 1))
        else:
            offset, writer, whole, size = found.pop()
            assert (writer, whole, size) == (int(record.key), number, index)
            found.append((offset, writer, whole, size + 1))
    return found


async def test_a_killed_writer_has_lost_nothing_that_was_acknowledged(address: str) -> None:
    async with opener_at(address)() as log:
        topic = await new_topic(log, crash_child.PARTITIONS)
    async with _child(address, topic, "append") as child:
        acknowledged = await _report(child, 3000)
        child.kill()
        acknowledged += await _rest(child)
    async with opener_at(address)() as log:
        for number in range(crash_child.PARTITIONS):
            found = _batches(await read_all(log, Partition(topic, number)))
            assert {tuple(line[1:]) for line in acknowledged if line[0] == number} <= set(found)
            for writer in range(crash_child.WRITERS):
                mine = [batch[2] for batch in found if batch[1] == writer]
                assert mine == list(range(len(mine)))
            assert all(size == 1 + batch % 5 for _, _, batch, size in found)


async def test_after_a_kill_the_log_goes_on_where_it_was(address: str) -> None:
    async with opener_at(address)() as log:
        topic = await new_topic(log, crash_child.PARTITIONS)
    async with _child(address, topic, "append") as child:
        await _report(child, 200)
        child.kill()
        await _rest(child)
    partition = Partition(topic, 0)
    async with opener_at(address)() as log, log.sink() as sink:
        before = len(await read_all(log, partition))
        assert await sink.append_batch(partition, numbered(range(3))) == before
        offsets = [record.offset for record in await read_all(log, partition)]
    assert offsets == list(range(before + 3))


async def test_what_a_killed_consumer_had_not_committed_is_delivered_again(address: str) -> None:
    async with opener_at(address)() as log:
        topic = await new_topic(log, 2)
        async with log.sink() as sink:
            for number in range(2):
                await sink.append_batch(Partition(topic, number), numbered(range(10)))
        async with _child(address, topic, "consume") as child:
            assert len(await _report(child, 20)) == 20
            child.kill()
        async with log.subscribe(crash_child.GROUP, [topic]) as source:
            records = await take(source, 14)
    for number in range(2):
        offsets = [r.offset for r in records if r.partition.number == number]
        assert offsets == list(range(3, 10))


async def test_a_member_takes_over_from_a_killed_process_of_its_group(address: str) -> None:
    async with opener_at(address)() as log:
        topic = await new_topic(log, 4)
        everything = {Partition(topic, number) for number in range(4)}
        async with log.subscribe(crash_child.GROUP, [topic]) as source, log.sink() as sink:
            async with _child(address, topic, "consume") as child:
                async with asyncio.timeout(PATIENCE):
                    while len(source.assignment) != 2:
                        await source.poll(wait=0.1)
                theirs = min(everything - source.assignment)
                await sink.append_batch(theirs, numbered(range(5)))
                assert len(await _report(child, 5)) == 5
                child.kill()
            records = await take(source, 2)
            assert source.assignment == everything
    assert [(r.partition, r.offset) for r in records] == [(theirs, 3), (theirs, 4)]
