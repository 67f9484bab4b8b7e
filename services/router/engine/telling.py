"""What can make a difference to the rules: a conversation's attributes, reduced to that.

Only the values and bounds that some condition asks for matter, so what was found for one
conversation is found for all that look alike to the rules; there are few such looks, whatever
customers send.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from shared.rules.conditions import BOUNDS, number

Look = tuple[Any, ...]


class Telling:
    """How to look at attributes, for these (attribute, test) pairs."""

    def __init__(self, tests: Iterable[tuple[str, Any]]) -> None:
        self._values: dict[str, set[str]] = {}
        bounds: dict[str, set[float]] = {}
        for name, test in tests:
            if isinstance(test, list):
                self._values.setdefault(name, set()).update(test)
            else:
                bounds.setdefault(name, set()).update(
                    bound for kind, bound in test.items() if kind in BOUNDS
                )
        self._bounds = [(name, sorted(found)) for name, found in sorted(bounds.items())]

    def look(self, attributes: Mapping[str, str]) -> Look:
        """Equal for attributes that no test can tell apart."""
        get = attributes.get
        seen = [
            value if (value := get(name)) in values else None
            for name, values in self._values.items()
        ]
        if not self._bounds:
            return tuple(seen)
        return (*seen, *(_place(get(name), bounds) for name, bounds in self._bounds))


def _place(value: str | None, bounds: list[float]) -> tuple[int, int] | bool:
    """Between or on which bounds it lies; for what is no number, whether it is there at all."""
    found = number(value)
    if found is None:
        return value is not None
    return bisect_left(bounds, found), bisect_right(bounds, found)
