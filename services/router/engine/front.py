"""Groups sorted by their first member, so that the first of all groups is found without a scan.

A group (the conversations of one skill class, the free agents of one profile) is a heap of its own.
Its place here is by a lower bound of its first key: members leave all the time, and correcting the
bound only when somebody looks keeps leaving free of charge.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Container, Sequence
from typing import Any, Generic, Protocol, TypeVar

Key = tuple[int, int]
Member = tuple[int, int, Any]
"""What is in a group: its key, then whose it is."""

_STEPS = 8
"""How many groups can be passed in order in the time it takes to look into one."""


class Group(Protocol):
    """`bound` is where the front has it, None while it is not in the front."""

    number: int
    bound: Key | None

    def first(self) -> Key | None:
        """The key of the first live member, after dropping dead ones; None without any."""
        ...


G = TypeVar("G", bound=Group)
M = TypeVar("M", bound=Member)


class Front(Generic[G]):
    """All non-empty groups of one kind, by lower bound."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        self._sorted: list[tuple[Key, int, G]] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def joined(self, group: G, key: Key) -> None:
        """A member with this key joined the group. O(log groups), or nothing if it is not first."""
        if group.bound is None or key < group.bound:
            self.put(group, key)

    def put(self, group: G, key: Key | None) -> None:
        """The group's first key is this; None takes it out."""
        bound = group.bound
        if bound is not None:
            del self._sorted[bisect_left(self._sorted, (bound, group.number))]
        group.bound = key
        if key is not None:
            insort(self._sorted, (key, group.number, group))

    def earliest(
        self,
        own: Sequence[G],
        numbers: Container[int],
        first: Callable[[G], M | None],
    ) -> M | None:
        """The first member of the groups in `own`, which are those with these numbers.

        Where many groups count, one of the first in order does. Where few do, it is quicker to look
        into each of them. Which it is shows by trying: the first way is given up when it has cost
        as much as the second would, so the search costs twice the better one at worst.
        """
        best: M | None = None
        steps = _STEPS * len(own)
        for bound, number, group in self._sorted[:steps]:
            if best is not None and bound >= best[:2]:
                return best
            if number in numbers:
                self._correct(group)
                best = _earlier(best, first(group))
        if steps < len(self._sorted):
            for group in own:
                best = _earlier(best, first(group))
        return best

    def _correct(self, group: G) -> None:
        key = group.first()
        if key != group.bound:
            self.put(group, key)


def _earlier(one: M | None, other: M | None) -> M | None:
    if one is None or (other is not None and other[:2] < one[:2]):
        return other
    return one
