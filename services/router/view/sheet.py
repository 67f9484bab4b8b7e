"""The documents of one workspace while a batch of records is folded into them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.figures.facts import Fact
from shared.figures.tally import Target
from shared.record import BEGINNING, Standing
from shared.views.documents import Document
from shared.views.keys import Keys

Measured = list[tuple[int, Fact, Target]]
D = TypeVar("D", bound=Document)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Put:
    """Set a document; `expires_at` in Unix milliseconds, None: never."""

    key: str
    value: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Rank:
    """Put a member into a sorted set."""

    key: str
    member: str
    score: int


@dataclass(frozen=True, slots=True)
class Unrank:
    key: str
    member: str


@dataclass(frozen=True, slots=True)
class Expire:
    """A sorted set stays at least until then."""

    key: str
    at: int


Write = Put | Rank | Unrank | Expire


class Sheet:
    """What a fold reads and writes. It reads only what has been loaded before.

    `keep_ms` is how long a finished conversation and a message stay visible. `facts` is what was
    measured on the way: the offset it comes from, the fact, and its queue's target.
    """

    def __init__(self, workspace: str, keep_ms: int) -> None:
        self.keys = Keys(workspace)
        self.keep_ms = keep_ms
        self.facts: Measured = []
        self._stored: dict[str, str | None] = {}
        self._documents: dict[str, Document | None] = {}
        self._expiries: dict[str, int | None] = {}
        self._changed: dict[str, None] = {}
        self._scores: dict[tuple[str, str], int | None] = {}
        self._ends: dict[str, int] = {}

    def load(self, stored: Mapping[str, str | None]) -> None:
        """Take documents as they are stored; None for one that is not."""
        self._stored.update(stored)

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that have not been loaded yet."""
        return [key for key in dict.fromkeys(keys) if key not in self._stored]

    def get(self, key: str, model: type[D]) -> D | None:
        """The document as it is now. Raises KeyError when the fold did not ask for it."""
        if key not in self._documents:
            stored = self._stored[key]
            self._documents[key] = model.model_validate_json(stored) if stored else None
        found = self._documents[key]
        return found if isinstance(found, model) else None

    def put(self, key: str, document: Document, expires_at: int | None = None) -> None:
        self._documents[key] = document
        self._expiries[key] = expires_at
        self._changed[key] = None

    def rank(self, key: str, member: str, score: int) -> None:
        self._scores[key, member] = score

    def unrank(self, key: str, member: str) -> None:
        self._scores[key, member] = None

    def keep(self, key: str, active_at: int) -> None:
        """A sorted set that was active then stays visible for `keep_ms` from then on."""
        self._ends[key] = max(self._ends.get(key, 0), active_at + self.keep_ms)

    def writes(self) -> list[Write]:
        """The last value of everything that changed; the ends come after what they end."""
        writes: list[Write] = []
        for key in self._changed:
            document = self._documents[key]
            if document is not None:
                text = document.model_dump_json(exclude_defaults=True)
                writes.append(Put(key, text, self._expiries[key]))
        for (key, member), score in self._scores.items():
            writes.append(Unrank(key, member) if score is None else Rank(key, member, score))
        writes.extend(Expire(key, at) for key, at in self._ends.items())
        return writes


@dataclass(frozen=True, slots=True)
class Placed(Generic[R]):
    """One record's data, its offset, and when it was made (Unix milliseconds). A reader who goes
    on behind it does so with `standing`."""

    data: R
    offset: int
    at: int
    standing: Standing = BEGINNING


@dataclass(frozen=True, slots=True)
class Fold(Generic[R]):
    """How the records of one topic become documents.

    Each of `needs` names the documents that the fold will read; the later ones may look at what
    the earlier ones have loaded.
    """

    needs: tuple[Callable[[Sheet, list[Placed[R]]], Iterable[str]], ...]
    apply: Callable[[Sheet, Placed[R]], None]
