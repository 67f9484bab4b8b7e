import base64
import random
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualClock
from shared.dead_letters import DeadLetters, Fuse
from shared.errors import TooManyDeadLetters
from shared.events.dead import DeadLetter
from shared.events.envelope import Envelope
from shared.log import Log, Partition, Record
from shared.sqlite import SqliteLog
from shared.topics import DEAD_LETTERS

SHARDS = 4
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def record(value: bytes, key: bytes = b"key", offset: int = 7) -> Record:
    return Record(Partition("inbound", 3), offset, key, value, 0)


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    async with SqliteLog(":memory:") as opened:
        await opened.create_topics({DEAD_LETTERS.name: SHARDS})
        yield opened


async def buried(log: Log) -> list[tuple[Record, Envelope[DeadLetter]]]:
    partitions = [Partition(DEAD_LETTERS.name, number) for number in range(SHARDS)]
    decoder = DEAD_LETTERS.decoder()
    async with log.read(dict.fromkeys(partitions, 0)) as source:
        return [(r, decoder.decode(r.value)) for r in await source.poll(wait=0)]


async def bury(log: Log, *records: Record, **options: Any) -> None:
    async with log.sink() as sink:
        letters = DeadLetters(sink, ManualClock(NOW), SHARDS, "/patchbay/test", **options)
        for one in records:
            await letters.bury(one, "undecodable", "data.text: field required")


async def test_a_dead_letter_has_the_place_the_reason_and_the_bytes(log: Log) -> None:
    raw = bytes(range(256))
    await bury(log, record(raw))
    ((where, envelope),) = await buried(log)
    assert where.key == b"key"
    assert where.partition.number == zlib.crc32(b"key") % SHARDS
    assert (envelope.source, envelope.time) == ("/patchbay/test", NOW)
    letter = envelope.data
    assert (letter.origin, letter.reason) == ("inbound/3/7", "undecodable")
    assert letter.detail == "data.text: field required"
    assert base64.b64decode(letter.raw) == raw


async def test_the_same_record_twice_has_the_same_id_and_another_one_has_not(log: Log) -> None:
    await bury(log, record(b"a"), record(b"a"), record(b"a", offset=8))
    first, second, third = [envelope.id for _, envelope in await buried(log)]
    assert first == second != third


async def test_a_record_that_base64_makes_too_large_is_compressed(log: Log) -> None:
    raw = b'{"text":"' + b"hello " * 150_000 + b'"}'
    await bury(log, record(raw))
    ((_, envelope),) = await buried(log)
    assert envelope.data.raw_encoding == "zlib+base64"
    assert zlib.decompress(base64.b64decode(envelope.data.raw)) == raw


async def test_a_record_that_cannot_be_made_to_fit_is_named_all_the_same(log: Log) -> None:
    await bury(log, record(random.Random(1).randbytes(950_000)))
    ((_, envelope),) = await buried(log)
    assert envelope.data.raw == ""
    assert "only at the origin" in envelope.data.detail
    assert envelope.data.origin == "inbound/3/7"


async def test_the_largest_key_fits_with_the_largest_value(log: Log) -> None:
    await bury(log, record(b"v" * 700_000, key=b"k" * 100_000))
    assert len(await buried(log)) == 1


async def test_a_blown_fuse_buries_nothing_more(log: Log) -> None:
    fuse = Fuse(consecutive=3)
    await bury(log, *[record(b"x", offset=n) for n in range(3)], fuse=fuse)
    with pytest.raises(TooManyDeadLetters):
        await bury(log, record(b"x", offset=3), fuse=fuse)
    assert len(await buried(log)) == 3


async def test_a_processed_record_cools_the_fuse(log: Log) -> None:
    async with log.sink() as sink:
        letters = DeadLetters(sink, ManualClock(NOW), SHARDS, "/t", Fuse(consecutive=2))
        for offset in range(10):
            await letters.bury(record(b"x", offset=offset), "undecodable")
            letters.passed()
    assert len(await buried(log)) == 10


@given(outcomes=st.lists(st.booleans(), max_size=60))
def test_the_fuse_blows_exactly_when_too_many_failed(outcomes: list[bool]) -> None:
    fuse = Fuse(consecutive=5, ratio=0.6, window=10)
    steps = {True: fuse.failed, False: fuse.succeeded}
    for count, failed in enumerate(outcomes, start=1):
        steps[failed]()
        so_far = outcomes[:count]
        in_a_row = len(so_far) >= 5 and all(so_far[-5:])
        of_the_last = len(so_far) >= 10 and sum(so_far[-10:]) >= 6
        assert fuse.blown == (in_a_row or of_the_last)
