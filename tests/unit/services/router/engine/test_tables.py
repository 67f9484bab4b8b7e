"""Tables: a dictionary, and the order of its keys."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.router.engine.tables import Table

_KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
_DOINGS = st.lists(st.tuples(st.sampled_from(["set", "default", "pop", "del"]), _KEYS))


@dataclass(eq=False)
class Thing:
    captured: int = -1


def _do(table: Table[Any], plain: dict[str, Any], doing: str, key: str) -> None:
    """The same to both; taking out only what is there."""
    thing = Thing()
    for each in (table, plain):
        with suppress(KeyError):
            _DO[doing](each, key, thing)


_DO: dict[str, Callable[[dict[str, Any], str, Thing], object]] = {
    "set": lambda each, key, thing: each.__setitem__(key, thing),
    "default": lambda each, key, thing: each.setdefault(key, thing),
    "pop": lambda each, key, _: each.pop(key),
    "del": lambda each, key, _: each.__delitem__(key),
}


@given(_DOINGS)
def test_it_is_a_dictionary_whose_keys_are_in_its_order_once(doings: list[tuple[str, str]]) -> None:
    table: Table[Thing] = Table()
    plain: dict[str, Thing] = {}
    for doing, key in doings:
        _do(table, plain, doing, key)

    assert table == plain
    assert set(plain) <= set(table.order)
    assert len(set(table.order)) == len(table.order)


@given(_DOINGS, _DOINGS)
def test_what_was_there_at_some_moment_is_known_afterwards(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    """By its place in the order, and by the mark of what came later."""
    table: Table[Thing] = Table()
    plain: dict[str, Thing] = {}
    for doing, key in before:
        _do(table, plain, doing, key)
    stayed = set(plain)
    keys, end, table.mark = table.order, len(table.order), 7
    for doing, key in after:
        _do(table, plain, doing, key)
        stayed &= set(plain)

    kept = {key for key in keys[:end] if key in table and table[key].captured != 7}
    assert kept == stayed


def test_keys_that_are_gone_do_not_pile_up() -> None:
    """And a list that somebody still goes through stays as it was."""
    table: Table[Thing] = Table()
    for number in range(2_000):
        table[str(number)] = Thing()
    order, keys = table.order, list(table.order)
    for number in range(100_000):
        table[f"more{number}"] = Thing()
        del table[f"more{number}"]

    assert order[:2_000] == keys
    assert len(table.order) < 4_000
