"""The example of docs/waiting.md is one that may stand in a file, and means what the page says."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.clock import milliseconds
from shared.rules import Rules

PAGE = Path(__file__).parents[2] / "docs" / "waiting.md"


def rules() -> Rules:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    example: dict[str, Any] = yaml.safe_load(found[1])
    return Rules.model_validate(example["rules"])


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ((2026, 11, 23, 8, 0), True),
        ((2026, 11, 23, 12, 0), False),
        ((2026, 11, 28, 0, 30), True),
        ((2026, 11, 28, 1, 0), False),
        ((2026, 12, 24, 10, 59), True),
        ((2026, 12, 24, 11, 0), False),
        ((2026, 12, 25, 9, 0), False),
    ],
    ids=["Monday", "at noon", "Friday night", "too late", "Christmas Eve", "after it", "Christmas"],
)
def test_the_hours_of_the_example(moment: tuple[int, int, int, int, int], is_open: bool) -> None:
    at = milliseconds(datetime(*moment, tzinfo=UTC))

    assert rules().hours["office"].is_open(at) is is_open


def test_the_waits_of_the_example() -> None:
    support = rules().queues["support"]

    assert [limit.do for limit in support.max_wait] == ["message", "queue"]
    assert (support.after_hours.do, support.tell_wait) == ("message", True)
