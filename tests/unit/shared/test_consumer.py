import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from shared.consumer import Pace
from shared.dead_letters import Fuse
from shared.errors import (
    LogUnavailable,
    OwnershipLost,
    PayloadInvalid,
    TooManyDeadLetters,
    Undecodable,
)
from shared.log import Log, Partition, Record
from shared.sqlite import SqliteLog
from shared.topics import DEAD_LETTERS
from tests.unit.shared.consuming import (
    PROMPT,
    SHARDS,
    TOPIC,
    committed,
    consume_to_the_end,
    consuming,
    letters,
    write,
)


class Bug(Exception):
    pass


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    async with SqliteLog(":memory:") as opened:
        await opened.create_topics({TOPIC: SHARDS, DEAD_LETTERS.name: SHARDS})
        yield opened


class Script:
    """A handler that fails as told, and keeps what it was given."""

    def __init__(self, **failures: list[Exception]) -> None:
        self.failures: Mapping[str, list[Exception]] = failures
        self.seen: list[str] = []

    async def __call__(self, record: Record) -> None:
        value = record.value.decode()
        self.seen.append(value)
        if self.failures.get(value):
            raise self.failures[value].pop(0)


async def test_every_record_is_handled_in_order_per_key_and_committed(log: Log) -> None:
    seen: dict[bytes, list[int]] = defaultdict(list)

    async def handle(record: Record) -> None:
        await asyncio.sleep(0.001 * (record.offset % 3))
        seen[record.key].append(int(record.value))

    for key in (b"a", b"b", b"c"):
        await write(log, *map(str, range(30)), key=key, number=key[0] % SHARDS)
    async with consuming(log, handle) as heard:
        await heard.count("handled", 90)
    assert seen == {key: list(range(30)) for key in (b"a", b"b", b"c")}
    assert await committed(log) == []


async def test_a_retryable_failure_holds_the_key_and_nobody_else(log: Log) -> None:
    handle = Script(a1=[LogUnavailable(), LogUnavailable()])
    await write(log, "a1", "a2", key=b"a")
    await write(log, "b1", "b2", key=b"b")
    async with consuming(log, handle) as heard:
        await heard.count("handled", 4)
    assert [value for value in handle.seen if value.startswith("a")] == ["a1", "a1", "a1", "a2"]
    assert await committed(log) == []
    assert await letters(log) == []


async def test_another_named_failure_is_a_dead_letter_and_the_rest_goes_on(log: Log) -> None:
    handle = Script(bad=[Undecodable("data.text: missing")])
    await write(log, "good", "bad", "better")
    async with consuming(log, handle) as heard:
        await heard.count("handled", 2)
        await heard.count("dead", 1)
    (letter,) = await letters(log)
    assert (letter.reason, letter.detail) == ("undecodable", "data.text: missing")
    assert letter.origin == f"{TOPIC}/0/1"
    assert await committed(log) == []


async def test_a_bug_ends_the_run_and_its_record_is_not_committed(log: Log) -> None:
    handle = Script(bad=[Bug()])
    await write(log, "good", "bad", "after")
    with pytest.raises(Bug):
        await consume_to_the_end(log, handle)
    assert await committed(log) == ["bad", "after"]
    assert await letters(log) == []


async def test_a_blown_fuse_ends_the_run_and_loses_nothing(log: Log) -> None:
    failures: dict[str, list[Exception]] = {str(n): [PayloadInvalid()] for n in range(10)}
    handle = Script(**failures)
    await write(log, *map(str, range(10)))
    with pytest.raises(TooManyDeadLetters):
        await consume_to_the_end(log, handle, fuse=Fuse(consecutive=4))
    assert len(await letters(log)) == 4
    assert await committed(log) == ["4", "5", "6", "7", "8", "9"]


async def test_stopping_finishes_what_runs_and_leaves_what_waits(log: Log) -> None:
    begun = asyncio.Event()
    finish = asyncio.Event()
    seen: list[str] = []

    async def handle(record: Record) -> None:
        begun.set()
        await finish.wait()
        seen.append(record.value.decode())

    await write(log, "1", "2", "3")
    async with consuming(log, handle):
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, finish.set)
    assert seen == ["1"]
    assert await committed(log) == ["2", "3"]


async def test_stopping_does_not_wait_for_what_is_tried_again_and_again(log: Log) -> None:
    handle = Script(never=[LogUnavailable() for _ in range(100_000)])
    await write(log, "fine", "never", "behind")
    async with consuming(log, handle) as heard:
        await heard.count("handled", 1)
    assert await committed(log) == ["never", "behind"]


async def test_a_handler_that_has_lost_ownership_gives_the_record_back(log: Log) -> None:
    handle = Script(lost=[OwnershipLost()])
    await write(log, "mine", "lost")
    async with consuming(log, handle) as heard:
        await heard.count("dropped", 1)
    assert await committed(log) == ["lost"]
    assert await letters(log) == []


async def test_a_record_delivered_again_while_it_is_in_hand_is_not_handled_twice(
    log: Log,
) -> None:
    handle = Script()
    record = Record(Partition(TOPIC, 0), 0, b"k", b"once", 0)
    source = Scripted([(PARTITION, [record]), (PARTITION, [record])])
    async with consuming(log, handle, source=source) as heard:
        await heard.count("repeated", 1)
    assert handle.seen == ["once"]


PARTITION = frozenset({Partition(TOPIC, 0)})
BOTH = frozenset({Partition(TOPIC, 0), Partition(TOPIC, 1)})


class Scripted:
    """A source that gives an assignment and records per poll, then only waits."""

    def __init__(
        self,
        polls: Sequence[tuple[frozenset[Partition], Sequence[Record]] | Exception],
        commit_failures: Sequence[Exception] = (),
    ) -> None:
        self.polls = list(polls)
        self.commit_failures = list(commit_failures)
        self.committed: list[Mapping[Partition, int]] = []
        self.assignment: frozenset[Partition] = frozenset()
        self.used_up = asyncio.Event()

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        del limit, wait
        await asyncio.sleep(0.01)
        if not self.polls:
            self.used_up.set()
            return []
        step = self.polls.pop(0)
        if isinstance(step, Exception):
            raise step
        self.assignment, records = step
        return records

    def seek(self, positions: Mapping[Partition, int]) -> None:
        pytest.fail(f"a consumer goes on where its group is, it does not seek {positions}")

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        if self.commit_failures:
            raise self.commit_failures.pop(0)
        self.committed.append(dict(positions))


def _record(number: int, offset: int) -> Record:
    return Record(Partition(TOPIC, number), offset, b"%d" % number, b"%d" % offset, 0)


async def test_records_of_a_partition_that_is_not_ours_are_dropped(log: Log) -> None:
    handle = Script()
    source = Scripted([(PARTITION, [_record(1, 0), _record(0, 0)])])
    async with consuming(log, handle, source=source) as heard:
        await heard.count("handled", 1)
        await heard.count("dropped", 1)
    assert source.committed == [{Partition(TOPIC, 0): 1}]


async def test_a_partition_that_is_taken_is_finished_committed_and_forgotten(log: Log) -> None:
    finish = asyncio.Event()

    async def handle(record: Record) -> None:
        await finish.wait()

    source = Scripted([(BOTH, [_record(0, 5), _record(1, 7)]), (PARTITION, [])])
    pace = Pace(commit=3600, handover=20)
    async with consuming(log, handle, source=source, pace=pace) as heard:
        asyncio.get_running_loop().call_later(0.1, finish.set)
        await heard.count("handled", 2)
        await asyncio.sleep(0.05)
        assert source.committed == [{Partition(TOPIC, 0): 6, Partition(TOPIC, 1): 8}]
    assert len(source.committed) == 1


async def test_what_waits_in_a_lane_is_left_when_its_partition_is_taken(log: Log) -> None:
    finish = asyncio.Event()
    seen: list[int] = []

    async def handle(record: Record) -> None:
        seen.append(record.offset)
        await finish.wait()

    source = Scripted([(PARTITION, [_record(0, n) for n in range(4)]), (frozenset(), [])])
    async with consuming(log, handle, source=source) as heard:
        asyncio.get_running_loop().call_later(0.1, finish.set)
        await heard.count("dropped", 3)
    assert seen == [0]
    assert source.committed == [{Partition(TOPIC, 0): 1}]


async def test_a_handler_that_hangs_does_not_hold_the_hand_over_for_ever(log: Log) -> None:
    source = Scripted([(BOTH, [_record(0, 0), _record(1, 0)]), (PARTITION, []), (BOTH, [])])
    release, free = asyncio.Event(), asyncio.Event()
    free.set()

    async def handle(record: Record) -> None:
        await {0: free, 1: release}[record.partition.number].wait()

    pace = Pace(commit=0, handover=0.05)
    async with consuming(log, handle, source=source, pace=pace) as heard:
        await heard.count("handled", 1)
        await source.used_up.wait()
        release.set()
    assert source.committed == [{Partition(TOPIC, 0): 1}]


@pytest.mark.parametrize("failure", [OwnershipLost(), LogUnavailable()])
async def test_a_failed_commit_is_let_pass_and_made_good(log: Log, failure: Exception) -> None:
    handle = Script()
    source = Scripted(
        [(PARTITION, [_record(0, 0)]), (PARTITION, []), (PARTITION, [_record(0, 1)])], [failure]
    )
    async with consuming(log, handle, source=source) as heard:
        await heard.count("handled", 2)
    assert source.committed[-1] == {Partition(TOPIC, 0): 2}


async def test_a_log_that_is_away_is_polled_again(log: Log) -> None:
    handle = Script()
    source = Scripted([LogUnavailable(), LogUnavailable(), (PARTITION, [_record(0, 0)])])
    async with consuming(log, handle, source=source) as heard:
        await heard.count("handled", 1)
    assert handle.seen == ["0"]


async def test_commits_are_not_made_oftener_than_asked_for(log: Log) -> None:
    handle = Script()
    polls = [(PARTITION, [_record(0, n)]) for n in range(20)]
    source = Scripted(polls)
    pace = Pace(commit=3600)
    async with consuming(log, handle, source=source, pace=pace) as heard:
        await heard.count("handled", 20)
        assert len(source.committed) <= 1
    assert source.committed[-1] == {Partition(TOPIC, 0): 20}
    assert PROMPT.commit == 0
