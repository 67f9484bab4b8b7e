"""Cases in `scenarios/`: the file's name is what it shows.

A case has `steps`, each with what happened `meanwhile` and `then`, and how all is left in the
`ending`. `rules` replaces parts of `rules.json`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services.router.engine.stories import Story

HERE = Path(__file__).parent
CASES = sorted((HERE / "scenarios").glob("*.json"))


def _rules(case: dict[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = json.loads((HERE / "rules.json").read_text())
    return {**base, **case.get("rules", {})}


@pytest.mark.parametrize("crashes", [True, False], ids=["crashing", "going on"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_scenario(path: Path, crashes: bool) -> None:
    """Each step leads to exactly what the case says, also with a crash after every step."""
    case = json.loads(path.read_text())
    story = Story(_rules(case), crashes=crashes)

    told = [(story.tell(step), step) for step in case["steps"]]

    for happened, step in told:
        assert happened == {"meanwhile": step.get("meanwhile", []), "then": step["then"]}
    assert {name: story.ending().get(name) for name in case["ending"]} == case["ending"]


def test_there_are_enough_scenarios() -> None:
    """A glob that finds nothing would prove nothing."""
    assert len(CASES) >= 40
