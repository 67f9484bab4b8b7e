"""A dictionary that can be gone through in pieces while it changes.

A plain one must be copied for that, which takes too long with a million entries. This one keeps a
list of its keys beside it, and marks what is put in: so it is known what was there at some moment
without looking at it.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

_SPARE = 1_000


class Marked(Protocol):
    """What a table holds. `captured` is the number of the last capture that is done with it."""

    captured: int


V = TypeVar("V", bound=Marked)


class Table(dict[str, V]):
    """Reads are those of a dictionary. Keys are put in by `[]` and `setdefault`, and taken out by
    `del` and `pop`, and in no other way. `mark` is what new entries are marked with.
    """

    __slots__ = ("_gone", "_order", "mark")

    def __init__(self) -> None:
        super().__init__()
        self._order: list[str] = []
        self._gone: set[str] = set()
        self.mark = 0

    @property
    def order(self) -> Sequence[str]:
        """All keys in the order they came, and some that are gone. The list is only ever added to;
        a shorter one may take its place, and leaves this one as it is.
        """
        return self._order

    def __setitem__(self, key: str, value: V) -> None:
        if key in self:
            value.captured = self[key].captured
            super().__setitem__(key, value)
        else:
            self._put_in(key, value)

    def setdefault(self, key: str, default: V) -> V:
        """The value of the key, which is the default if it had none."""
        found = self.get(key)
        if found is None:
            self._put_in(key, default)
            return default
        return found

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._left(key)

    def pop(self, key: str) -> V:  # type: ignore[override]
        """Take the key out. Raises KeyError."""
        value = super().pop(key)
        self._left(key)
        return value

    def _put_in(self, key: str, value: V) -> None:
        value.captured = self.mark
        if key in self._gone:
            self._gone.discard(key)
        else:
            self._order.append(key)
        super().__setitem__(key, value)

    def _left(self, key: str) -> None:
        self._gone.add(key)
        if len(self._gone) > len(self) // 4 + _SPARE:
            self._order, self._gone = list(self), set()
