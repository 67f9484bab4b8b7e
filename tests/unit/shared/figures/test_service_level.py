"""Cases in `service_level/`: waits, as how many of them ended how and after how many seconds, and
what each formula makes of them (a fraction, or null where it counts nobody)."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shared.figures.facts import Fact
from shared.figures.service_level import FORMULAS, service_levels
from shared.figures.tally import Row, Target

CASES = sorted((Path(__file__).parent / "service_level").glob("*.json"))


def _level(text: str | None) -> Any:
    return None if text is None else pytest.approx(float(Fraction(text)))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_six_formulas(path: Path) -> None:
    case = json.loads(path.read_text())
    target = Target(
        round(case["target_seconds"] * 1000), round(case["short_abandon_seconds"] * 1000)
    )
    row = Row()
    for count, outcome, seconds in case["waits"]:
        for _ in range(count):
            fact = Fact("wait", "phone", "support", "normal", round(seconds * 1000), outcome)
            row.add(fact, target)

    assert service_levels(row.ended_waits()) == {
        formula: _level(case["levels"][formula]) for formula in FORMULAS
    }


def test_there_are_cases() -> None:
    assert len(CASES) >= 14
