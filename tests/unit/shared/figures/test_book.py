"""What a record adds up to per interval: waits by their labels, and agents' time."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.events import routing as was
from shared.figures.book import Book
from shared.figures.occupancy import Worked, intervals, units_of
from shared.figures.tally import BOUNDS, INTERVAL_MS, Labels, Row, summed
from shared.rules import Agent, Rules

START = 10 * INTERVAL_MS
RULES = Rules.model_validate(
    {
        "queues": {"support": {"service_level": {"seconds": 10}}},
        "agents": {
            "ada": {"queues": ["support"], "capacity": {"whatsapp": 2}, "total": 2},
            "bob": {"queues": ["support"]},
        },
        "default_capacity": {"whatsapp": 4},
    }
)


def _opened(name: str, at: int) -> list[Any]:
    opened = was.Opened(name, name, "whatsapp", "acc", "+49", "", {}, at)
    return [opened, was.Queued(name, "support", "normal", {}, at, at, "new")]


def _book(*decisions: tuple[int, list[Any]]) -> Book:
    book = Book(RULES)
    for position, (at, events) in enumerate(decisions):
        book.take(events, at, position)
    return book


def _s(seconds: float) -> int:
    return START + round(seconds * 1000)


def test_a_wait_counts_where_it_ends_and_by_the_target_of_its_queue() -> None:
    book = _book(
        (_s(895), _opened("c1", _s(895))),
        (_s(905), [was.Assigned("c1", "ada", _s(905))]),
    )

    labels = Labels("support", "whatsapp", "normal")
    assert book.rows[START][labels].arrived == 1
    later = book.rows[START + INTERVAL_MS][labels]
    assert (later.answered, later.answered_in_target, later.answered_ms) == (1, 1, 10_000)
    assert later.waits[BOUNDS.index(10)] == 1


def test_occupancy_by_head_and_by_load() -> None:
    """One of two units for 60 s of 100: 60 % by head, 30 % by load; offers count by load only."""
    book = _book(
        (_s(0), [was.PresenceChanged("ada", "available", _s(0))]),
        (_s(10), [*_opened("c1", _s(10)), was.Offered("c1", "o1", "ada", _s(10), _s(30))]),
        (
            _s(20),
            [
                was.OfferEnded("c1", "o1", "ada", "accepted", _s(20)),
                was.Assigned("c1", "ada", _s(20)),
            ],
        ),
        (_s(60), [was.Closed("c1", "ada", _s(60)), was.WrapUpStarted("c1", "ada", _s(60), _s(90))]),
        (_s(80), [was.WrapUpEnded("c1", "ada", _s(80))]),
    )
    book.close(_s(100))

    worked = book.worked[START]
    assert worked.by_head() == pytest.approx(0.6)
    assert worked.by_load() == pytest.approx(70 / 200)


def test_who_is_away_counts_only_while_he_still_has_work() -> None:
    book = _book(
        (_s(0), [was.PresenceChanged("ada", "available", _s(0))]),
        (_s(0), [*_opened("c1", _s(0)), was.Assigned("c1", "ada", _s(0))]),
        (_s(10), [was.PresenceChanged("ada", "away", _s(10))]),
        (_s(30), [was.Closed("c1", "ada", _s(30))]),
    )
    book.close(_s(100))

    assert book.worked[START] == Worked(handling=30_000, idle=0, taken=30_000, capacity=60_000)


def test_a_transferred_or_declined_conversation_is_in_one_hand_only() -> None:
    book = _book(
        (_s(0), [was.PresenceChanged("ada", "available", _s(0))]),
        (_s(0), [*_opened("c1", _s(0)), was.Assigned("c1", "ada", _s(0))]),
        (
            _s(10),
            [
                was.Released("c1", "ada", _s(10), "transferred"),
                was.Queued("c1", "support", "normal", {}, 0, _s(10), "transferred"),
                was.Offered("c1", "o2", "ada", _s(10), _s(30)),
            ],
        ),
        (_s(15), [was.OfferEnded("c1", "o2", "ada", "declined", _s(15))]),
    )
    book.close(_s(20))

    assert book.worked[START] == Worked(handling=10_000, idle=10_000, taken=15_000, capacity=40_000)


def test_new_rules_count_from_where_they_came_into_force() -> None:
    book = _book((_s(0), [was.PresenceChanged("ada", "available", _s(0))]))
    more = RULES.model_copy(update={"agents": {"ada": Agent(queues=("support",), total=4)}})
    change = was.Change(2, "file")
    book.take([was.Configured("d2", more, _s(10), change)], _s(10), 1)
    book.close(_s(20))

    assert book.worked[START].capacity == 2 * 10_000 + 4 * 10_000


def test_time_is_split_at_the_intervals() -> None:
    found = list(intervals(_s(899), _s(2 * 900 + 1)))
    assert found == [
        (START, 1000),
        (START + INTERVAL_MS, INTERVAL_MS),
        (START + 2 * INTERVAL_MS, 1000),
    ]
    assert list(intervals(_s(5), _s(5))) == []


@pytest.mark.parametrize(
    ("total", "capacity", "units"), [(None, {}, 4), (None, {"phone": 1}, 5), (2, {}, 2), (9, {}, 4)]
)
def test_the_units_of_an_agent(total: int | None, capacity: dict[str, int], units: int) -> None:
    agent = Agent(queues=("support",), total=total, capacity=capacity)
    assert units_of(RULES, agent) == units


def test_rows_add_up() -> None:
    book = _book(
        (_s(0), [*_opened("c1", _s(0)), was.Offered("c1", "o1", "ada", _s(0), _s(9))]),
        (_s(1), [was.OfferEnded("c1", "o1", "ada", "declined", _s(1)), *_opened("c2", _s(1))]),
        (_s(2), [was.Assigned("c1", "bob", _s(2)), was.Closed("c2", "customer", _s(2))]),
        (_s(950), [*_opened("c3", _s(950)), was.Assigned("c3", "bob", _s(950))]),
    )

    total = summed(row for rows in book.rows.values() for row in rows.values())

    assert (total.arrived, total.answered, total.abandoned) == (3, 2, 1)
    assert (total.offers, sum(total.waits)) == ({"declined": 1}, 2)
    stored = TypeAdapter(Row).dump_json(total, exclude_defaults=True)
    assert TypeAdapter(Row).validate_json(stored) == total
