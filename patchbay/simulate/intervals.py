"""Values with their 99 % intervals, by the method of batch means.

The contacts that count are cut into 20 batches in the order of their arrival. A ratio of two sums
is estimated over all of them; how much the batches differ from it says how much to believe it (Law:
Simulation Modeling and Analysis, 9.5.3). Neighbouring batches that resemble each other were too
short to be independent: the interval is widened by what their correlation explains.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

STUDENT_99 = {4: 4.604095, 9: 3.249836, 19: 2.860935, 39: 2.707913}
"""The 99.5 % points of Student's t, by degrees of freedom."""

_BY_CHANCE = 0.25
"""Up to here independent neighbours resemble each other, too."""

_NEVER = 0.005
"""Half of what a 99 % interval leaves out."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and half the width of its 99 % interval; None where nothing was counted."""

    value: float | None
    half_width: float | None

    def shown(self) -> dict[str, float | None]:
        """As the output has it."""
        return {"value": self.value, "half_width": self.half_width}


def ratio(above: Sequence[float], below: Sequence[float]) -> Estimate:
    """The sum of the one by the sum of the other, from one pair per batch."""
    whole = sum(below)
    if not whole:
        return Estimate(None, None)
    value = sum(above) / whole
    mean = whole / len(below)
    off = [(a - value * b) / mean for a, b in zip(above, below, strict=True)]
    return Estimate(value, half_width(off))


def share(above: Sequence[float], below: Sequence[float]) -> Estimate:
    """As `ratio`, for a part of a whole. Of what never happened in n, all that can be said is that
    it happens to fewer than 1 - 0.005^(1/n)."""
    found = ratio(above, below)
    if found.value in (0.0, 1.0):
        return Estimate(found.value, 1 - _NEVER ** (1 / sum(below)))
    return found


def half_width(off: Sequence[float]) -> float:
    """Of the mean of these deviations, one per batch, which sum up to nothing.

    Student's t, and what a lopsided distribution adds to it (Hall, 1992): rare bursts of blocking
    are missed by most short runs.
    """
    number = len(off)
    squares = sum(x * x for x in off)
    if not squares:
        return 0.0
    spread = math.sqrt(squares / number)
    lopsided = abs(sum((x / spread) ** 3 for x in off)) / number
    together = sum(x * y for x, y in pairwise(off)) / squares
    alike = min(together, 0.8) if together > _BY_CHANCE else 0.0
    student = STUDENT_99[number - 1]
    reach = student + lopsided * (2 * student * student + 1) / (6 * math.sqrt(number))
    return reach * math.sqrt(squares / (number * (number - 1)) * (1 + alike) / (1 - alike))
