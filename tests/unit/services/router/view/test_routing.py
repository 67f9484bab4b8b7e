"""What decisions make of conversations, agents, queues and timelines."""

from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from services.router.view.routing import HANDLERS
from shared.events.routing import RoutingEvent
from tests.unit.services.router.view.folding import CASES, decided, part, shown


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("batch", [1, 100], ids=["one by one", "at once"])
def test_decisions_become_what_the_case_shows(path: Path, batch: int) -> None:
    """However they are cut into batches."""
    case: dict[str, Any] = orjson.loads(path.read_bytes())
    found = shown(decided(case["decisions"], batch))
    assert part(case["shows"], found) == case["shows"]


def test_every_event_has_its_fold() -> None:
    (union, _) = get_args(RoutingEvent)
    assert set(get_args(union)) == HANDLERS.keys()


def test_every_fold_has_a_case() -> None:
    told = {
        event["event"]
        for path in CASES
        for events in orjson.loads(path.read_bytes())["decisions"]
        for event in events
    }
    assert told == {get_args(cls.__annotations__["event"])[0] for cls in HANDLERS}
