"""What only the embedded log can be asked: a full disk, a busy event loop, several processes."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from shared.clock import SystemClock, milliseconds
from shared.errors import LogUnavailable
from shared.log import Entry, Partition
from shared.sqlite import SqliteLog
from shared.sqlite.groups import Membership, beat
from shared.sqlite.member import Rhythm
from shared.sqlite.store import Store

PLACE = Partition("t", 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "log.db"


@pytest.fixture
async def log(file: Path) -> AsyncIterator[SqliteLog]:
    async with SqliteLog(file) as opened:
        await opened.create_topics({"t": 1})
        yield opened


def entries(count: int, size: int = 10) -> list[Entry]:
    return [Entry(b"k", bytes(size)) for _ in range(count)]


async def limit_pages(log: SqliteLog, count: int) -> None:
    """Have the disk full once the file has so many more pages; 0 lifts the limit."""

    def work(store: Store) -> None:
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        limit = pages + count if count else 1_000_000_000
        store.connection.execute(f"PRAGMA max_page_count = {limit}")

    await log._committer.change(work)


async def test_commits_wait_for_the_disk_and_readers_do_not_wait_for_commits(
    log: SqliteLog,
) -> None:
    settings = await log._committer.change(
        lambda store: [
            store.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert settings == ["wal", 2]


async def test_a_full_disk_makes_the_log_unavailable_until_there_is_room(log: SqliteLog) -> None:
    async with log.sink() as sink:
        await sink.append_batch(PLACE, entries(3))
        await limit_pages(log, 5)
        with pytest.raises(LogUnavailable):
            await sink.append_batch(PLACE, entries(10, 50_000))
        await limit_pages(log, 0)
        assert await sink.append_batch(PLACE, entries(1)) == 3


async def test_what_was_handed_over_behind_a_failed_append_fails_too(
    log: SqliteLog, file: Path
) -> None:
    """Otherwise it could be appended without the batch that it was built upon."""
    other = sqlite3.connect(file, isolation_level=None)
    async with log.sink() as sink:
        await limit_pages(log, 5)
        other.execute("BEGIN IMMEDIATE")
        too_much = asyncio.create_task(sink.append_batch(PLACE, entries(10, 50_000)))
        await asyncio.sleep(0.05)  # it is being written, and has to wait
        behind = [asyncio.create_task(sink.append_batch(PLACE, entries(1))) for _ in range(20)]
        await asyncio.sleep(0)
        other.execute("COMMIT")
        outcomes = await asyncio.gather(too_much, *behind, return_exceptions=True)
        await limit_pages(log, 0)
        assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
        assert await sink.append_batch(PLACE, entries(1)) == 0
    other.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(LogUnavailable):
        async with SqliteLog(tmp_path / "log.db"):
            pass


async def test_a_closed_log_is_unavailable(file: Path) -> None:
    async with SqliteLog(file) as log:
        await log.create_topics({"t": 1})
        sink = log.sink()
        opened = await sink.__aenter__()
    with pytest.raises(LogUnavailable):
        await opened.append(PLACE, Entry(b"k", b"v"))


async def test_a_writer_that_another_process_locks_out_waits_for_it(
    log: SqliteLog, file: Path
) -> None:
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.execute, ["COMMIT"]).start()
    async with log.sink() as sink:
        assert await sink.append(PLACE, Entry(b"k", b"v")) == 0
    other.close()


async def test_two_processes_append_to_one_partition_without_gaps_or_losses(
    log: SqliteLog, file: Path
) -> None:
    async with SqliteLog(file) as other, log.sink() as mine, other.sink() as theirs:
        offsets: Sequence[int] = await asyncio.gather(
            *[sink.append(PLACE, Entry(b"k", b"v")) for _ in range(200) for sink in (mine, theirs)]
        )
    assert sorted(offsets) == list(range(400))


async def test_another_process_wakes_a_reader(log: SqliteLog, file: Path) -> None:
    async with SqliteLog(file) as other, log.read({PLACE: 0}) as source, other.sink() as sink:
        waiting = asyncio.create_task(source.poll(wait=20))
        await asyncio.sleep(0.1)
        await sink.append(PLACE, Entry(b"k", b"v"))
        assert len(await waiting) == 1


async def test_appends_go_on_beside_a_busy_event_loop(log: SqliteLog) -> None:
    """Every row of its own would wait for the interpreter lock: some 500 rows took seconds."""
    async with log.sink() as sink:
        task = asyncio.create_task(sink.append_batch(PLACE, entries(500)))
        turns = 0
        while not task.done():
            turns += 1
            end = time.monotonic() + 0.02
            while time.monotonic() < end:
                pass
            await asyncio.sleep(0)
    assert turns < 50


async def test_after_a_restart_nobody_waits_for_members_that_died_with_the_process(
    file: Path,
) -> None:
    rhythm = Rhythm(session=3600)
    async with SqliteLog(file, rhythm=rhythm) as log:
        await log.create_topics({"t": 1})
        dead = Membership("g", "dead", ("t",), session=3_600_000)
        now = milliseconds(SystemClock().now())
        held = await log._committer.change(lambda store: beat(store, dead, now).held)
        assert held.keys() == {PLACE}
    async with SqliteLog(file, rhythm=rhythm) as log, log.subscribe("g", ["t"]) as source:
        await source.poll(wait=0)
        assert source.assignment == {PLACE}


async def test_while_another_process_is_there_its_members_stay(file: Path) -> None:
    async with SqliteLog(file) as first:
        await first.create_topics({"t": 1})
        async with first.subscribe("g", ["t"]) as holder:
            await holder.poll(wait=0)
            async with SqliteLog(file):
                await holder.commit({PLACE: 0})
                assert holder.assignment == {PLACE}


async def test_a_bug_in_a_change_surfaces_and_leaves_nothing_behind(log: SqliteLog) -> None:
    def work(store: Store) -> None:
        store.connection.execute("DELETE FROM partitions")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await log._committer.change(work)
    async with log.sink() as sink:
        assert await sink.append(PLACE, Entry(b"k", b"v")) == 0


async def test_a_file_that_cannot_be_read_any_more_is_unavailable(log: SqliteLog) -> None:
    async with log.sink() as sink, log.read({PLACE: 0}) as source:
        await sink.append(PLACE, Entry(b"k", b"v"))
        log.reading.close()
        with pytest.raises(LogUnavailable):
            await source.poll(wait=0)
