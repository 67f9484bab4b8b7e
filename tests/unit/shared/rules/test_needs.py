"""Needs over skills: their canonical form means what they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.rules.conditions import holds
from shared.rules.needs import NEVER, Need, canonical, fit, missing, plain, satisfied

ADAPTER: TypeAdapter[dict[str, Any]] = TypeAdapter(Need)
SKILLS = ("german", "french", "returns")

TREES = st.recursive(
    st.one_of(
        st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 3), max_size=2),
        st.just({"when": {"tier": ["gold"]}}),
    ),
    lambda below: st.one_of(
        st.fixed_dictionaries({"all": st.lists(below, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(below, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": below}),
        st.fixed_dictionaries({"german": st.integers(1, 3), "not": below}),
    ),
    max_leaves=6,
)
LEVELS = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 3))


def _obviously(need: dict[str, Any], levels: dict[str, int], attributes: dict[str, str]) -> bool:
    told = {
        "all": lambda value: all(_obviously(part, levels, attributes) for part in value),
        "any": lambda value: any(_obviously(part, levels, attributes) for part in value),
        "not": lambda value: not _obviously(value, levels, attributes),
        "when": lambda value: holds(value, attributes),
    }
    return all(
        told[key](value) if key in told else levels.get(key, 0) >= value
        for key, value in need.items()
    )


@given(need=TREES, levels=LEVELS, tier=st.sampled_from(("gold", "none")))
def test_the_canonical_form_means_the_same(
    need: dict[str, Any], levels: dict[str, int], tier: str
) -> None:
    """Whoever meets the need as written meets what is left of it, and nobody else."""
    attributes = {"tier": tier}
    found = canonical(ADAPTER.validate_python(need), attributes)

    assert satisfied(found, levels) is _obviously(need, levels, attributes)
    assert bool(missing(levels, found)) is not satisfied(found, levels)
    assert canonical(plain(found), {}) == found


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        ({"german": 3}, (("german", 3),)),
        ({"all": [{"german": 1}, {"german": 3, "a": 1}]}, (("a", 1), ("german", 3))),
        ({"any": [{"german": 1}]}, (("german", 1),)),
        ({"any": [{"german": 1}, {}]}, ()),
        ({"any": [{"b": 1}, {"a": 1}, {"b": 1}]}, (("any", ((("a", 1),), (("b", 1),))),)),
        ({"not": {"not": {"german": 1}}}, (("german", 1),)),
        ({"not": {}}, NEVER),
        ({"german": 1, "when": {"tier": ["gold"]}}, (("german", 1),)),
        ({"german": 1, "when": {"tier": ["silver"]}}, NEVER),
        ({"any": [{"when": {"tier": ["silver"]}}, {"a": 2}]}, (("a", 2),)),
    ],
)
def test_equal_needs_are_equal_values(need: dict[str, Any], expected: Any) -> None:
    """They share a skill class, however they were written."""
    assert canonical(need, {"tier": "gold"}) == expected


@pytest.mark.parametrize(
    ("need", "levels", "expected"),
    [
        ({"german": 1}, {"german": 5, "returns": 9}, 5),
        ({"german": 1, "returns": 1}, {"german": 5, "returns": 9}, 14),
        ({"any": [{"german": 1}, {"returns": 1}]}, {"german": 5, "returns": 9}, 9),
        ({"any": [{"german": 1}, {"returns": 10}]}, {"german": 5, "returns": 9}, 5),
        ({"not": {"german": 1}}, {"returns": 9}, 0),
    ],
)
def test_how_good_somebody_is_at_it(
    need: dict[str, Any], levels: dict[str, int], expected: int
) -> None:
    """Only what is asked for counts."""
    assert fit(canonical(need, {}), levels) == expected


@pytest.mark.parametrize(
    ("need", "path", "message"),
    [
        ([], (), "a mapping is expected"),
        ({"german": 11}, ("german",), "a whole number from 1 to 10"),
        ({"german": True}, ("german",), "a whole number from 1 to 10"),
        ({"Ger man": 1}, ("Ger man",), "small letters"),
        ({"any": [{"x": 1}, {"y": -1}]}, ("any", 1, "y"), "a whole number from 1 to 10"),
        ({"not": {"when": {"v": {"abov": 1}}}}, ("not", "when", "v", "abov"), "unknown test"),
        ({f"s{n}": 1 for n in range(101)}, (), "101 tests"),
    ],
)
def test_what_is_refused_and_where(need: Any, path: tuple[Any, ...], message: str) -> None:
    """The error says which part is wrong."""
    with pytest.raises(ValidationError) as raised:
        ADAPTER.validate_python(need)

    (error,) = raised.value.errors()
    assert error["loc"] == path
    assert message in error["msg"]
