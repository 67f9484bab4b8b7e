"""Ledgers are rebuilt from exactly as far back as the messages in hand need."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier.books import Books
from services.notifier.since import first_since
from shared.clock import ManualClock, milliseconds
from shared.errors import OwnershipLost
from shared.events.envelope import Envelope, encode
from shared.events.outbound import Attempted
from shared.log import Entry, Partition
from shared.sqlite import SqliteLog
from shared.topics import DELIVERIES, TOPICS

START = datetime(2026, 5, 12, 12, tzinfo=UTC)
PARTITION = Partition(DELIVERIES.name, 0)
HOUR = 3600.0


def _attempt(message_id: str) -> Entry:
    common: dict[str, Any] = {"workspace": "w", "channel": "c", "account": "a"}
    event = Attempted(**common, conversation_key="k", message_id=message_id, attempt=1)
    return Entry(b"k", encode(Envelope("e", "/t", START, event)))


async def _filled(log: SqliteLog, clock: ManualClock, hours: int) -> None:
    """One attempt an hour: the message `h0` at the start, `h1` an hour later, …"""
    await log.create_topics(dict.fromkeys(TOPICS, 1))
    async with log.sink() as sink:
        for hour in range(hours):
            await sink.append(PARTITION, _attempt(f"h{hour}"))
            clock.advance(HOUR)


def _at(hours: float) -> int:
    return milliseconds(START + timedelta(hours=hours))


async def test_a_ledger_covers_what_the_message_needs() -> None:
    clock = ManualClock(START)
    async with SqliteLog(":memory:", clock=clock) as log:
        await _filled(log, clock, 24)
        books = Books(log, clock, remember=2 * HOUR)
        recent = await books.open(0, _at(24))
        older = await books.open(0, _at(5))
        found = [older.get(f"h{hour}") is not None for hour in range(24)]

    assert recent.get("h23") is not None
    assert (recent.floor, older.floor) == (_at(22) - 600_000, _at(5) - 600_000)
    assert found[5:] == [True] * 19


async def test_evicting_keeps_what_messages_in_hand_need() -> None:
    clock = ManualClock(START)
    async with SqliteLog(":memory:", clock=clock) as log:
        await _filled(log, clock, 24)
        books = Books(log, clock, remember=2 * HOUR)
        ledger = await books.open(0, _at(5))
        books.evict(0, in_hand_since=_at(6))
        kept = ledger.floor
        books.evict(0, in_hand_since=None)

    assert kept == _at(5) - 600_000
    assert ledger.floor == _at(22) - 600_000


async def test_whoever_waits_for_a_record_is_woken_by_it_or_by_the_loss() -> None:
    clock = ManualClock(START)
    async with SqliteLog(":memory:", clock=clock) as log:
        await _filled(log, clock, 3)
        books = Books(log, clock, remember=HOUR)
        ledger = await books.open(0, _at(0))

        assert await books.reached(0, 2) is ledger
        books.close(0)
        with pytest.raises(OwnershipLost):
            await books.reached(0, 2)
        with pytest.raises(OwnershipLost):
            books.get(0)


@pytest.mark.parametrize("hour", [0, 1, 700, 1999, 2500])
async def test_a_moment_is_found_by_bisection(hour: int) -> None:
    clock = ManualClock(START)
    async with SqliteLog(":memory:", clock=clock) as log:
        await _filled(log, clock, 2500)
        found = await first_since(log, PARTITION, _at(hour))

    assert hour - 1000 <= found <= hour
