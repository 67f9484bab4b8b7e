"""Groups sorted by their first member, so that the first of all groups is found without a scan.

A group (the conversations of one skill class, the free agents of one profile) is a heap of its own.
Its place here is by a lower bound of its first key. `left` corrects it when the first member goes;
where that is not said, whoever looks at the group does.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Container, Sequence
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

Key = tuple[int, ...]
Member = tuple[Any, ...]
"""What is in a group: the numbers of its key, then whose it is."""

EMPTY: Key = (2**63,)
"""The bound of a group without members: after all others."""

_BOUND = attrgetter("bound")

_STEPS = 3
"""How many groups can be compared among one's own in the time of one step through all."""


class Group(Protocol):
    """`bound` is where the front has it, EMPTY while it is not in the front."""

    number: int
    bound: Key

    def first(self) -> Key:
        """The key of the first live member, after dropping dead ones; EMPTY without any."""
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
        if key < group.bound:
            self._put(group, key)

    def left(self, group: G, key: Key) -> None:
        """The member with this key left. Nothing to do if it was not the first."""
        if group.bound == key:
            self._put(group, group.first())

    def moved(self, group: G) -> None:
        """The group's first member may be another one, or none."""
        self._put(group, group.first())

    def earliest(
        self, own: Sequence[G], numbers: Container[int], first: Callable[[G], M | None]
    ) -> M | None:
        """The first member of the groups in `own`, which are those with these numbers.

        `first` is the first member of a group that counts, or None. Where many groups count, one
        of the first in order does, and going through all of them in order finds it. Where few do,
        it is quicker to look among those. The choice assumes that they lie at random; going through
        all is given up when it takes longer than looking among one's own.
        """
        if len(own) ** 2 > _STEPS * len(self._sorted):
            steps = len(own)
            best: M | None = None
            for bound, number, group in self._sorted[:steps]:
                if best is not None and bound >= best[:-1]:
                    return best
                if number in numbers:
                    self._correct(group)
                    best = _earlier(best, first(group))
            if steps >= len(self._sorted):
                return best
        return self._among(own, first)

    def _among(self, own: Sequence[G], first: Callable[[G], M | None]) -> M | None:
        """Mostly one look: the group with the lowest bound, and its first member counts."""
        if not own:
            return None
        group = min(own, key=_BOUND)
        while not self._correct(group):
            group = min(own, key=_BOUND)
        if group.bound == EMPTY:
            return None
        best = first(group)
        if best is not None and best[:-1] == group.bound:
            return best
        for group in sorted(own, key=_BOUND):
            if best is not None and group.bound >= best[:-1]:
                break
            best = _earlier(best, first(group))
        return best

    def _correct(self, group: G) -> bool:
        """Move a group to where its first member belongs; False if that was not where it is."""
        key = group.first()
        right = key == group.bound
        if not right:
            self._put(group, key)
        return right

    def _put(self, group: G, key: Key) -> None:
        if group.bound != EMPTY:
            del self._sorted[bisect_left(self._sorted, (group.bound, group.number))]
        group.bound = key
        if key != EMPTY:
            insort(self._sorted, (key, group.number, group))


def _earlier(one: M | None, other: M | None) -> M | None:
    if one is None or (other is not None and other[:-1] < one[:-1]):
        return other
    return one
