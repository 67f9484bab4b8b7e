"""How busy agents are: by head (is he with anybody?) and by load (how much of his capacity).

By head, one chat or five are the same; by load, an agent with one of five is a fifth busy. Both are
shares of the time in which he could work: while he is available, or still has work in hand.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.figures.tally import INTERVAL_MS, interval_of
from shared.rules import Agent as AgentRules
from shared.rules import Rules

COMING = frozenset({"available", "busy"})
"""The states in which new work may come."""


@dataclass(slots=True)
class Worked:
    """Milliseconds of agents in one interval; `taken` and `capacity` are times units."""

    handling: int = 0
    idle: int = 0
    taken: int = 0
    capacity: int = 0

    def merge(self, other: "Worked") -> None:
        """Add all that another one has."""
        self.handling += other.handling
        self.idle += other.idle
        self.taken += other.taken
        self.capacity += other.capacity

    def by_head(self) -> float | None:
        """The share of agents' time with at least one conversation or its wrap-up."""
        return _share(self.handling, self.handling + self.idle)

    def by_load(self) -> float | None:
        """The share of their units that was taken, by offers too."""
        return _share(self.taken, self.capacity)


@dataclass(frozen=True, slots=True)
class Hands:
    """An agent at one moment: his units in all, and those his work takes, by its phase."""

    state: str
    units: int
    work: Collection[tuple[str, int]]

    @property
    def counts(self) -> bool:
        """Does his time count? Not that of who is away and has nothing in hand."""
        return bool(self.work) or self.state in COMING

    def worked(self, milliseconds: int) -> Worked:
        """That long like this."""
        taken = sum(units for _, units in self.work)
        handling = any(phase != "offered" for phase, _ in self.work)
        if not self.counts:
            return Worked()
        return Worked(
            handling=milliseconds if handling else 0,
            idle=milliseconds if not handling and self.state in COMING else 0,
            taken=taken * milliseconds,
            capacity=max(self.units, taken) * milliseconds,
        )


def intervals(since: int, until: int) -> Iterator[tuple[int, int]]:
    """The pieces of a time, as the beginning of the interval and the milliseconds in it."""
    while since < until:
        start = interval_of(since)
        end = min(until, start + INTERVAL_MS)
        yield start, end - since
        since = end


def units_of(rules: Rules, agent: AgentRules) -> int:
    """What he can take at once: `total`, or less if his channels do not allow as much."""
    together = sum({**rules.default_capacity, **agent.capacity}.values())
    return together if agent.total is None else min(together, agent.total)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
