"""Cases in `spans/`: decisions, and the facts that each of them adds.

A fact reads `measure channel/queue/class milliseconds outcome`, and of a step its route and number.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.events.routing import RoutingEvent
from shared.figures.book import Book
from shared.figures.facts import Fact

CASES = sorted((Path(__file__).parent / "spans").glob("*.json"))
EVENTS: TypeAdapter[list[Any]] = TypeAdapter(list[RoutingEvent])


def _told(fact: Fact) -> str:
    where = f"{fact.channel}/{fact.queue}/{fact.priority}"
    step = f" {fact.route} {fact.step}" if fact.step else ""
    return f"{fact.measure} {where} {fact.milliseconds} {fact.outcome}{step}".strip()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_facts(path: Path) -> None:
    case = json.loads(path.read_text())
    book = Book()

    told = [
        [_told(fact) for fact in book.take(EVENTS.validate_python(one["events"]), 0, position)]
        for position, one in enumerate(case["decisions"])
    ]

    assert told == [one["facts"] for one in case["decisions"]]


def test_there_are_cases() -> None:
    assert len(CASES) >= 14
