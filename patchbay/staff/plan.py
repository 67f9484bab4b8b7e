"""How many agents an interval needs, by Erlang C and by Erlang A. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from patchbay.queueing import Figures, Line, fewest, figures
from patchbay.staff.forecast import Interval


@dataclass(frozen=True, slots=True)
class Target:
    """What has to hold: so many percent answered within so many seconds, at most so busy.

    `at_once` is how many contacts an agent has in hand at a time, `shrinkage` the share of paid
    time that agents are not there (breaks, meetings, illness).
    """

    percent: float
    seconds: float
    occupancy: float = 1.0
    at_once: int = 1
    shrinkage: float = 0.0

    @property
    def minutes(self) -> float:
        """The time in which they are to be answered."""
        return self.seconds / 60


@dataclass(frozen=True, slots=True)
class Need:
    """What one model says: agents at work, agents on the payroll, and what is to be expected."""

    agents: int
    scheduled: int
    answered_within: float
    mean_wait_minutes: float
    p_abandon: float
    occupancy: float


@dataclass(frozen=True, slots=True)
class Row:
    """One interval. `erlang_a` is None where nobody is known to give up."""

    interval: Interval
    load: float
    erlang_c: Need
    erlang_a: Need | None


def plan(interval: Interval, target: Target, patience_minutes: float | None) -> Row:
    """What this interval needs."""
    arrival = interval.volume / interval.minutes
    load = arrival * interval.handle_minutes
    least = _need(interval, arrival, target, None)
    patient = (
        None if patience_minutes is None else _need(interval, arrival, target, patience_minutes)
    )
    return Row(interval, load, least, patient)


def _need(interval: Interval, arrival: float, target: Target, patience: float | None) -> Need:
    if not arrival:
        return Need(0, 0, 1.0, 0.0, 0.0, 0.0)
    service = 1 / interval.handle_minutes

    def line(agents: int) -> Line:
        impatience = 0.0 if patience is None else 1 / patience
        return Line(agents * target.at_once, arrival, service, impatience)

    plenty = math.ceil(2 * arrival / service / target.occupancy) + 200
    agents = fewest(_enough(line, target), most=plenty) or plenty
    expected = figures(line(agents))
    return Need(
        agents=agents,
        scheduled=math.ceil(agents / (1 - target.shrinkage) - 1e-9),
        answered_within=expected.answered_within(target.minutes),
        mean_wait_minutes=expected.mean_wait,
        p_abandon=expected.p_abandon,
        occupancy=expected.occupancy,
    )


def _enough(line: Callable[[int], Line], target: Target) -> Callable[[int], bool]:
    def enough(agents: int) -> bool:
        tried = line(agents)
        return tried.stable and _holds(figures(tried), target)

    return enough


def _holds(found: Figures, target: Target) -> bool:
    in_time = found.answered_within(target.minutes) >= target.percent / 100
    return in_time and found.occupancy <= target.occupancy
