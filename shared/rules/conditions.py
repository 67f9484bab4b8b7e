"""Conditions: what must hold of a conversation's attributes.

A mapping from attributes to tests; all must hold. A test is a value, a list of values, or bounds
(`at_least`, `above`, `at_most`, `below`: numbers; `present`: true or false). `all`, `any` and `not`
nest conditions. An attribute that is absent, or is no number, passes no test but `present: false`.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator

from shared.rules.trees import NESTING, Path, bounded, fault, mapping, nested, several

BOUNDS = ("at_least", "above", "at_most", "below")
"""The tests of numbers."""

_TESTS = (*BOUNDS, "present")
_FARTHEST = 10**15


def check_condition(tree: Any) -> dict[str, Any]:
    """The condition with its values as text and in lists. Raises ValidationError with the path."""
    return condition_at(tree, ())


def condition_at(tree: Any, path: Path) -> dict[str, Any]:
    """`check_condition` for a condition that stands below another rule."""
    found = _condition(tree, path)
    bounded(sum(1 for _ in tests(found)), path)
    return found


Condition = Annotated[dict[str, Any], BeforeValidator(check_condition)]


def holds(condition: Mapping[str, Any], attributes: Mapping[str, str]) -> bool:
    """Does every part of it hold?"""
    return all(_holds(key, test, attributes) for key, test in condition.items())


def tests(condition: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every attribute it looks at, with the test, at any depth."""
    for key, test in condition.items():
        if key in NESTING:
            for below in [test] if key == "not" else test:
                yield from tests(below)
        else:
            yield key, test


def number(value: str | None) -> float | None:
    """The number an attribute says; None if it says none."""
    if value is None or "_" in value:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if isfinite(found) else None


def _holds(key: str, test: Any, attributes: Mapping[str, str]) -> bool:
    if key == "all":
        return all(holds(part, attributes) for part in test)
    if key == "any":
        return any(holds(part, attributes) for part in test)
    if key == "not":
        return not holds(test, attributes)
    value = attributes.get(key)
    if isinstance(test, list):
        return value in test
    return all(_within(name, bound, value) for name, bound in test.items())


def _within(name: str, bound: Any, value: str | None) -> bool:
    if name == "present":
        return (value is not None) is bound
    found = number(value)
    if found is None:
        return False
    if name == "at_least":
        return bool(found >= bound)
    if name == "above":
        return bool(found > bound)
    return bool(found <= bound if name == "at_most" else found < bound)


def _condition(tree: Any, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in mapping(tree, path).items():
        if key in NESTING:
            below = [_condition(part, where) for part, where in nested(key, value, path)]
            found[key] = below[0] if key == "not" else below
        elif not key:
            fault(path, "an attribute without a name")
        else:
            found[key] = _test(value, (*path, key))
    return found


def _test(test: Any, path: Path) -> list[str] | dict[str, Any]:
    if isinstance(test, dict):
        if not test:
            fault(path, f"no test: one of {', '.join(_TESTS)} is expected")
        return {name: _bound(name, value, (*path, name)) for name, value in test.items()}
    if isinstance(test, list | tuple):
        return [_value(value, (*path, i)) for i, value in enumerate(several(test, path))]
    return [_value(test, path)]


def _bound(name: Any, value: Any, path: Path) -> bool | float:
    if name == "present":
        if not isinstance(value, bool):
            fault(path, "true or false is expected here", value)
        return value
    if name not in BOUNDS:
        fault(path, f"unknown test {name!r}: one of {', '.join(_TESTS)} is expected")
    if isinstance(value, bool) or not isinstance(value, int | float):
        fault(path, "a number is expected here", value)
    if not isfinite(value) or abs(value) > _FARTHEST:
        fault(path, "this number is absurd: no attribute ever comes near it", value)
    return value


def _value(value: Any, path: Path) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        fault(path, "a value is expected here: text or a number", value)
    return str(value)
