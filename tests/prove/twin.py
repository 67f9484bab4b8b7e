"""The plainest queue there is, under the very contacts that a simulation has.

It shares no line with the simulator or the engine: the arrivals, handle times and patience of a
scenario are drawn again from the same streams, and each contact is given the server of its line who
is free first. Its exact figures are known by formula. So what the engine does otherwise than this
queue is measured, and the chance that both share is not (a control variate; Lavenberg and Welch,
1981).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace, merge

from patchbay.simulate.draws import draws
from patchbay.simulate.scenario import Scenario

MINUTE = 60_000.0


@dataclass(slots=True)
class Sums:
    """What became of the contacts of one batch; waits in minutes."""

    within: list[int]
    offered: int = 0
    blocked: int = 0
    abandoned: int = 0
    waited: int = 0
    wait: float = 0.0


@dataclass
class Lines:
    """So many servers in each line, and who is there. `line_of` says which kind goes where; `most`
    may be there in all, at work or waiting."""

    servers: Sequence[int]
    line_of: Sequence[int]
    most: int | None = None
    free: list[list[float]] = field(default_factory=list)
    there_until: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = [[0.0] * number for number in self.servers]

    def come(self, kind: int, at: float, handle: float, patience: float) -> tuple[float, bool]:
        """How long it waits, and whether it is answered then; (-1, False) if it is turned away."""
        line = self.free[self.line_of[kind]]
        while self.there_until and self.there_until[0] <= at:
            heappop(self.there_until)
        if self.most is not None and len(self.there_until) >= self.most:
            return -1.0, False
        wait = max(0.0, line[0] - at)
        if patience < wait:
            heappush(self.there_until, at + patience)
            return patience, False
        heappush(self.there_until, at + wait + handle)
        heapreplace(line, at + wait + handle)
        return wait, True


def twin(
    scenario: Scenario, part: int, counted: int, warm_up: int, batches: int, lines: Lines
) -> list[Sums]:
    """The same part of the same scenario, batch by batch."""
    reported = scenario.report_within_minutes
    found = [Sums([0] * len(reported)) for _ in range(batches)]
    for number, (at, kind, handle, patience) in enumerate(_contacts(scenario, part)):
        if number >= warm_up + counted:
            break
        wait, answered = lines.come(kind, at, handle, patience)
        if number < warm_up:
            continue
        sums = found[(number - warm_up) * batches // counted]
        sums.offered += 1
        if wait < 0:
            sums.blocked += 1
            continue
        sums.abandoned += not answered
        sums.waited += wait > 0
        sums.wait += wait / MINUTE
        for index, most in enumerate(reported):
            sums.within[index] += answered and wait <= most * MINUTE
    return found


def _contacts(scenario: Scenario, part: int) -> Iterator[tuple[float, int, float, float]]:
    """In the order of their arrival: when, of which kind, how much work, how much patience."""
    return merge(*(_of_kind(scenario, part, kind) for kind in range(len(scenario.contacts))))


def _of_kind(scenario: Scenario, part: int, kind: int) -> Iterator[tuple[float, int, float, float]]:
    contact = scenario.contacts[kind]
    name = f"{scenario.seed}/{part}"
    between = draws(contact.arrival, MINUTE / contact.rate_per_minute, f"{name}/arrival/{kind}")
    handle = draws(contact.handle, MINUTE * contact.handle_minutes, f"{name}/handle/{kind}")
    mean = contact.patience_minutes
    patience = draws(contact.patience, MINUTE * (mean or 1), f"{name}/patience/{kind}")
    at = 0.0
    while True:
        at += between()
        yield at, kind, handle(), float("inf") if mean is None else patience()
