"""The view's figures of an interval are those that the record itself adds up to."""

from typing import Any

import pytest

from services.router.view.digest import Memory
from services.router.view.routing import ROUTING_FOLD
from services.router.view.sheet import Placed
from shared.events import routing as was
from shared.events.routing import Decision
from shared.figures.book import Book
from shared.figures.occupancy import Worked
from shared.figures.tally import INTERVAL_MS, Row
from shared.rules import Rules
from shared.topics import ROUTING
from shared.views.documents import Agent, Figures, WorkedTime
from shared.views.figures import going_on
from shared.views.keys import Keys
from tests.unit.services.router.engine.days import Day
from tests.unit.services.router.view.folding import SHOP, fold

START = 100 * INTERVAL_MS
RULES = Rules.model_validate(
    {
        "queues": {"support": {"service_level": {"seconds": 10}}, "sales": {}},
        "agents": {
            "ada": {"queues": ["support"], "total": 2},
            "bob": {"queues": ["support"], "capacity": {"whatsapp": 2}},
        },
        "default_capacity": {"whatsapp": 4},
    }
)


def _queued(name: str, queue: str, at: int, why: Any = "new") -> was.Queued:
    return was.Queued(name, queue, "normal", {}, at, at, why)


def _story() -> list[tuple[int, list[Any]]]:
    """Over two intervals: answered, given up, declined, transferred, wrapped up, gone home."""
    at = [START + 1000 * second for second in range(1900)]
    opened = [
        was.Opened(f"c{n}", f"k{n}", "whatsapp", "acc", "+49", "", {}, at[n]) for n in range(3)
    ]
    return [
        (at[0], [was.Configured("d", RULES, at[0], was.Change(1, "file"))]),
        (at[0], [was.PresenceChanged("ada", "available", at[0])]),
        (at[1], [opened[0], _queued("c0", "support", at[1])]),
        (at[1], [opened[1], _queued("c1", "support", at[1])]),
        (at[2], [was.Offered("c0", "o0", "ada", at[2], at[22])]),
        (at[9], [was.OfferEnded("c0", "o0", "ada", "accepted", at[9])]),
        (at[9], [was.Assigned("c0", "ada", at[9])]),
        (at[15], [was.Closed("c1", "customer", at[15])]),
        (at[20], [was.PresenceChanged("bob", "available", at[20])]),
        (at[30], [opened[2], _queued("c2", "support", at[30])]),
        (at[30], [was.Offered("c2", "o2", "bob", at[30], at[50])]),
        (at[40], [was.OfferEnded("c2", "o2", "bob", "declined", at[40])]),
        (at[950], [was.Closed("c0", "ada", at[950])]),
        (at[950], [was.WrapUpStarted("c0", "ada", at[950], at[980])]),
        (at[960], [was.Assigned("c2", "bob", at[960])]),
        (at[970], [was.WrapUpEnded("c0", "ada", at[970])]),
        (at[990], [was.Released("c2", "bob", at[990], "transferred")]),
        (at[990], [_queued("c2", "sales", at[990], "transferred")]),
        (at[999], [was.PresenceChanged("ada", "offline", at[999])]),
        (at[999], [was.PresenceChanged("bob", "offline", at[999])]),
    ]


def _decision(seq: int, at: int, events: list[Any]) -> Placed[Decision]:
    decision = Decision(
        epoch=1,
        seq=seq,
        at=at,
        workspace=SHOP,
        cause="c",
        inbound=0,
        commands=0,
        events=tuple(events),
    )
    return Placed(decision, seq, at)


def _folded(batch: int) -> Memory:
    memory = Memory()
    placed = [_decision(seq, at, events) for seq, (at, events) in enumerate(_story())]
    for begin in range(0, len(placed), batch):
        fold(memory, ROUTING_FOLD, placed[begin : begin + batch])
    return memory


def _figures(memory: Memory, start: int) -> tuple[dict[str, Row], Worked]:
    keys = Keys(SHOP)
    rows = Figures.model_validate_json(memory.documents.get(keys.figures(start), "{}")).rows
    worked = WorkedTime.model_validate_json(memory.documents.get(keys.worked(start), "{}"))
    return rows, worked.sum


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_view_counts_what_the_record_says(batch: int) -> None:
    """However the decisions are cut into batches."""
    memory, book = _folded(batch), Book()
    for position, (at, events) in enumerate(_story()):
        book.take(events, at, position)

    assert sorted(book.rows) == [START, START + INTERVAL_MS]
    for start in book.rows:
        rows, worked = _figures(memory, start)
        assert rows == {"/".join(labels): row for labels, row in book.rows[start].items()}
        assert worked == book.worked[start]


def test_what_is_counted() -> None:
    rows, worked = _figures(_folded(100), START)
    row = rows["support/whatsapp/normal"]
    assert (row.arrived, row.answered, row.answered_in_target) == (3, 1, 1)
    assert (row.abandoned, row.abandoned_in_target, row.abandoned_short) == (1, 0, 0)
    assert row.offers == {"accepted": 1, "declined": 1}
    assert worked == Worked(
        handling=891_000,
        idle=9_000 + 880_000,
        taken=898_000 + 10_000,
        capacity=2 * 900_000 + 2 * 880_000,
    )


def test_figures_are_kept_for_a_while_only() -> None:
    memory = _folded(100)
    keys = Keys(SHOP)
    assert memory.ends[keys.figures(START)] is not None
    assert memory.ends[keys.worked(START)] is not None


@pytest.mark.parametrize("seed", [0, 11, 15, 19])
def test_whole_days_add_up_to_the_same(seed: int) -> None:
    """Whatever happens in them: the view and the book agree on every interval."""
    memory, book = Memory(), Book()
    decisions = [
        ROUTING.decoder().decode(one).data for one in Day(seed).live(200).history.decisions
    ]
    for seq, decision in enumerate(decisions):
        fold(memory, ROUTING_FOLD, [Placed(decision, seq, decision.at)], 14 * 86_400_000)
        book.take(decision.events, decision.at, seq)

    end = decisions[-1].at
    book.close(end)
    since = going_on(_agents(memory), end)
    assert book.rows
    for start in book.rows.keys() | book.worked.keys():
        rows, worked = _figures(memory, start)
        worked.merge(since.get(start, Worked()))
        told = book.rows.get(start, {})
        assert rows == {"/".join(labels): row for labels, row in told.items()}
        assert worked == book.worked.get(start, Worked())


def _agents(memory: Memory) -> list[Agent]:
    prefix = Keys(SHOP).agent("")
    stored = [text for key, text in memory.documents.items() if key.startswith(prefix)]
    return [Agent.model_validate_json(text) for text in stored]
