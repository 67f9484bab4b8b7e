"""Counting what happens to the contacts that count, batch by batch."""

from dataclasses import dataclass, field

BATCHES = 20


@dataclass(slots=True)
class Counts:
    """What became of the contacts of one kind in one batch; waits in minutes.

    `within` counts those answered within each reported time, `skilled` the answered ones that
    require a skill, `best` those of them whose agent is best at it.
    """

    within: list[int]
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    blocked: int = 0
    waited: int = 0
    wait: float = 0.0
    skilled: int = 0
    best: int = 0

    def add(self, other: "Counts") -> None:
        """Everything the other one counted, too."""
        self.offered += other.offered
        self.answered += other.answered
        self.abandoned += other.abandoned
        self.blocked += other.blocked
        self.waited += other.waited
        self.wait += other.wait
        self.skilled += other.skilled
        self.best += other.best
        self.within = [a + b for a, b in zip(self.within, other.within, strict=True)]


@dataclass(slots=True)
class Batch:
    """One of the batches: counts per kind of contact, and how busy the agents were.

    `busy` is contacts in hand times minutes, `heads` agents with at least one times minutes.
    """

    kinds: list[Counts]
    minutes: float = 0.0
    busy: float = 0.0
    heads: float = 0.0

    def total(self) -> Counts:
        """All kinds together."""
        found = Counts([0] * len(self.kinds[0].within))
        for counts in self.kinds:
            found.add(counts)
        return found


@dataclass(slots=True)
class Tally:
    """All batches of a run, or of a part of it."""

    kinds: int
    reported: int
    batches: int = BATCHES
    found: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found = [
            Batch([Counts([0] * self.reported) for _ in range(self.kinds)])
            for _ in range(self.batches)
        ]
