"""Conditions on attributes: what they mean, and which are none."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.rules.conditions import Condition, holds

ADAPTER: TypeAdapter[dict[str, Any]] = TypeAdapter(Condition)
GOLD = {"tier": "gold", "value": "250.5", "country": "de", "vip": "true", "odd": "1_0"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"tier": "gold"}, True),
        ({"tier": ["silver", "gold"]}, True),
        ({"tier": "silver"}, False),
        ({"vip": True}, True),
        ({"value": 250.5}, True),
        ({"absent": "x"}, False),
        ({"value": {"at_least": 250.5}}, True),
        ({"value": {"above": 250.5}}, False),
        ({"value": {"above": 100, "below": 300}}, True),
        ({"value": {"at_most": 250}}, False),
        ({"tier": {"at_least": 1}}, False),
        ({"odd": {"at_least": 1}}, False),
        ({"absent": {"below": 5}}, False),
        ({"absent": {"present": False}}, True),
        ({"value": {"present": True, "below": 251}}, True),
        ({"all": [{"tier": "gold"}, {"country": "de"}]}, True),
        ({"any": [{"tier": "silver"}, {"country": "de"}]}, True),
        ({"any": [{"tier": "silver"}, {"country": "at"}]}, False),
        ({"not": {"tier": "silver"}}, True),
        ({"tier": "gold", "not": {"country": ["at", "de"]}}, False),
        ({"any": [{"not": {"any": [{"tier": "gold"}]}}, {"value": {"below": 1000}}]}, True),
    ],
)
def test_what_holds(condition: dict[str, Any], expected: bool) -> None:
    """Everything in a mapping must hold; an absent attribute passes no test."""
    assert holds(ADAPTER.validate_python(condition), GOLD) is expected


def _deep(levels: int) -> dict[str, Any]:
    return {"not": _deep(levels - 1)} if levels else {"tier": "gold"}


@pytest.mark.parametrize(
    ("condition", "path", "message"),
    [
        ("gold", (), "a mapping is expected here"),
        ({"any": {"tier": "x"}}, ("any",), "a list with at least one member"),
        ({"any": []}, ("any",), "a list with at least one member"),
        ({"all": [{"tier": []}]}, ("all", 0, "tier"), "a list with at least one member"),
        ({"not": ["x"]}, ("not",), "a mapping is expected here"),
        ({"value": {}}, ("value",), "no test"),
        ({"value": {"more_than": 3}}, ("value", "more_than"), "unknown test 'more_than'"),
        ({"value": {"above": "3"}}, ("value", "above"), "a number is expected"),
        ({"value": {"above": True}}, ("value", "above"), "a number is expected"),
        ({"value": {"above": 1e300}}, ("value", "above"), "absurd"),
        ({"value": {"above": float("nan")}}, ("value", "above"), "absurd"),
        ({"value": {"present": "yes"}}, ("value", "present"), "true or false"),
        ({"tier": ["a", None]}, ("tier", 1), "a value is expected"),
        ({"": "x"}, (), "without a name"),
        (_deep(9), ("not",) * 9, "nested more than 8 deep"),
        ({f"a{n}": "x" for n in range(101)}, (), "101 tests in one rule"),
    ],
)
def test_what_is_refused_and_where(condition: Any, path: tuple[Any, ...], message: str) -> None:
    """The error says which part is wrong, below the rule's own place in the file."""
    with pytest.raises(ValidationError) as raised:
        ADAPTER.validate_python(condition)

    (error,) = raised.value.errors()
    assert error["loc"] == path
    assert message in error["msg"]


def test_the_checked_form_is_its_own_checked_form() -> None:
    """What is recorded and read back is the same condition."""
    written = {"tier": "gold", "n": [1, 2], "any": [{"x": {"below": 3}}, {"not": {"y": True}}]}
    once = ADAPTER.validate_python(written)

    assert ADAPTER.validate_json(ADAPTER.dump_json(once)) == once
