"""Groups sorted by their first member, so that the first of all groups is found without a scan.

A group (the conversations of one skill class, the free agents of one profile) is a heap of its own.
Its place here is by a lower bound of its first key: members leave all the time, and correcting the
bound only when somebody looks keeps leaving free of charge.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

Key = tuple[int, int]


class Group(Protocol):
    """`bound` is where the front has it, None while it is not in the front."""

    number: int
    bound: Key | None

    def first(self) -> Key | None:
        """The key of the first live member, after dropping dead ones; None without any."""
        ...


G = TypeVar("G", bound=Group)


class Front(Generic[G]):
    """All non-empty groups of one kind, by lower bound."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        self._sorted: list[tuple[Key, int, G]] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def joined(self, group: G, key: Key) -> None:
        """A member with this key joined the group. O(log groups), or nothing if it is not first."""
        bound = group.bound
        if bound is not None:
            if key >= bound:
                return
            del self._sorted[bisect_left(self._sorted, (bound, group.number))]
        group.bound = key
        insort(self._sorted, (key, group.number, group))

    def walk(self) -> Iterator[G]:
        """The groups by their true first key. Nobody may join while this is being read."""
        at = 0
        while at < len(self._sorted):
            bound, number, group = self._sorted[at]
            first = group.first()
            if first == bound:
                yield group
                at += 1
                continue
            del self._sorted[at]
            group.bound = first
            if first is not None:
                insort(self._sorted, (first, number, group))
