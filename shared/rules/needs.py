"""Needs: which skills an agent must have, and how well.

A mapping from skills to least levels; all must hold. `all`, `any` and `not` nest needs; `when` is a
condition on the conversation's attributes, decided when it is placed. What is left then is a
canonical need over skills alone: equal needs are equal values.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.rules.base import is_name
from shared.rules.conditions import condition_at, holds, tests
from shared.rules.trees import NESTING, Path, bounded, fault, mapping, nested

Part = tuple[str, Any]
Requires = tuple[Part, ...]
"""A canonical need: all of these hold. A part is (skill, level), ("any", needs) or ("not", need).

Nothing needed is `()`; what nobody can meet is `NEVER`.
"""

NEVER: Requires = (("any", ()),)

LEAST, MOST = 1, 10
"""The bounds of a level."""


def check_need(tree: Any) -> dict[str, Any]:
    """The need as it is, once it is known to be one. Raises ValidationError with the path."""
    found = _need(tree, ())
    bounded(sum(1 for _ in skills(found)) + sum(1 for _ in asked(found)))
    return found


Need = Annotated[dict[str, Any], BeforeValidator(check_need)]
Needs = Annotated[tuple[Need, ...], Field(max_length=8)]


def skills(need: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Every skill it names, with the level, at any depth."""
    for key, value in need.items():
        if key in NESTING:
            for below in [value] if key == "not" else value:
                yield from skills(below)
        elif key != "when":
            yield key, value


def asked(need: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every attribute it looks at, with the test, at any depth."""
    for key, value in need.items():
        if key == "when":
            yield from tests(value)
        elif key in NESTING:
            for below in [value] if key == "not" else value:
                yield from asked(below)


def canonical(need: Mapping[str, Any], attributes: Mapping[str, str]) -> Requires:
    """What is needed of an agent for a conversation with these attributes."""
    parts: list[Part] = []
    for key, value in need.items():
        if key == "all":
            for below in value:
                parts.extend(canonical(below, attributes))
        elif key == "any":
            parts.extend(_any([canonical(below, attributes) for below in value]))
        elif key == "not":
            parts.extend(_not(canonical(value, attributes)))
        elif key == "when":
            parts.extend(() if holds(value, attributes) else NEVER)
        else:
            parts.append((key, value))
    return _sorted(parts)


def plain(requires: Requires) -> dict[str, Any]:
    """The need as events and rules write it; `canonical` reads it back."""
    found = {key: value for key, value in requires if key not in NESTING}
    trees = [_tree(key, value) for key, value in requires if key in NESTING]
    if len({key for tree in trees for key in tree}) == len(trees):
        for tree in trees:
            found |= tree
    else:
        found["all"] = trees
    return found


def satisfied(requires: Requires, levels: Mapping[str, int]) -> bool:
    """Does somebody with these skills meet it?"""
    return all(_met(key, value, levels) for key, value in requires)


def fit(requires: Requires, levels: Mapping[str, int]) -> int:
    """How good somebody is at what is needed: the sum of his levels, of `any` the best part's."""
    score = 0
    for key, value in requires:
        if key == "any":
            score += max(
                (fit(part, levels) for part in value if satisfied(part, levels)), default=0
            )
        elif key != "not":
            score += levels.get(key, 0)
    return score


def missing(levels: Mapping[str, int], requires: Requires) -> list[str]:
    """The skills that are absent or too low; where one of several would do, all of them."""
    lacking: list[str] = []
    for key, value in requires:
        if _met(key, value, levels):
            continue
        if key == "any":
            lacking.append(
                " or ".join("+".join(missing(levels, part)) for part in value) or "never"
            )
        elif key == "not":
            lacking.append("not " + "+".join(name for name, _ in skills(plain(value))))
        else:
            lacking.append(key)
    return lacking


def _met(key: str, value: Any, levels: Mapping[str, int]) -> bool:
    if key == "any":
        return any(satisfied(part, levels) for part in value)
    if key == "not":
        return not satisfied(value, levels)
    return bool(levels.get(key, 0) >= value)


def _any(needs: list[Requires]) -> Requires:
    if () in needs:
        return ()
    left = sorted({need for need in needs if need != NEVER}, key=repr)
    return left[0] if len(left) == 1 else (("any", tuple(left)),)


def _not(need: Requires) -> Requires:
    if need in ((), NEVER):
        return () if need else NEVER
    if len(need) == 1 and need[0][0] == "not":
        inner: Requires = need[0][1]
        return inner
    return (("not", need),)


def _sorted(parts: list[Part]) -> Requires:
    if NEVER[0] in parts:
        return NEVER
    levels: dict[str, int] = {}
    for key, value in parts:
        if key not in NESTING:
            levels[key] = max(value, levels.get(key, 0))
    trees = sorted({part for part in parts if part[0] in NESTING}, key=repr)
    return (*sorted(levels.items()), *trees)


def _tree(key: str, value: Any) -> dict[str, Any]:
    return {key: plain(value) if key == "not" else [plain(part) for part in value]}


def _need(tree: Any, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in mapping(tree, path).items():
        if key in NESTING:
            below = [_need(part, where) for part, where in nested(key, value, path)]
            found[key] = below[0] if key == "not" else below
        elif key == "when":
            found[key] = condition_at(value, (*path, key))
        else:
            found[key] = _level(key, value, (*path, key))
    return found


def _level(skill: str, level: Any, path: Path) -> int:
    if not is_name(skill):
        fault(path, "a skill's name has small letters, digits, - and _ only")
    if isinstance(level, bool) or not isinstance(level, int) or not LEAST <= level <= MOST:
        fault(path, f"a level is a whole number from {LEAST} to {MOST}", level)
    return level
