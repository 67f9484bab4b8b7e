"""How long a wait will be: one formula, for the engine, the view and the phone.

Model. While something waits, agents take it one after the other, at random times with a constant
rate (a Poisson process). So whoever is number k in line waits for the k-th departure: an Erlang
distribution. The rate is departures divided by the time in which something waited; it is known from
`known` departures only, which widens the distribution: the shape is 1 / (1/k + 1/known).

Quantiles by Wilson and Hilferty, "The distribution of chi-square" (PNAS 17, 1931): within 3 % of
the exact ones from the first place on.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Model = Literal["class_departures", "queue_departures"]
"""`class_departures`: by what left the line of the same queue, channel and skills.
`queue_departures`: by what left the queue on that channel, with the class's share of it, where the
class itself has too few."""

LEAST: Final = 5.0
"""So many departures must be known before anything is said."""

_FADES = 0.97
"""What a departure still counts after each later one: as much is known as from the last 66."""
_P90 = 1.2815515655446004
"""The 90th percentile of the normal distribution."""


@dataclass(slots=True)
class Pace:
    """How fast a line moves: departures, and how long something waited meanwhile, both faded.

    `since` is when the present stretch of waiting began to count (Unix milliseconds), 0 while
    nobody waits.
    """

    departures: float = 0.0
    busy_ms: float = 0.0
    since: int = 0

    def begin(self, at: int) -> None:
        """Somebody waits where nobody did."""
        self.since = at

    def depart(self, at: int, *, empty: bool) -> None:
        """An agent was offered the first one. `empty`: nobody waits any more."""
        if self.since:
            self.departures = self.departures * _FADES + 1.0
            self.busy_ms = self.busy_ms * _FADES + max(0, at - self.since)
        self.since = 0 if empty else at

    def pause(self, at: int) -> None:
        """Nobody waits any more, or nobody is offered anything; the time until now counts."""
        if self.since:
            self.busy_ms += max(0, at - self.since)
        self.since = 0

    @property
    def known(self) -> float:
        """How many unfaded departures would tell as much: the square of the sum of what they
        count, by the sum of the squares (Kish, "Survey Sampling", 1965)."""
        return self.departures * (1.0 + _FADES) / (2.0 - self.departures * (1.0 - _FADES))

    def gap_ms(self, now: int) -> float | None:
        """The mean time between two departures; None while too little is known."""
        if self.departures < LEAST:
            return None
        open_ms = max(0, now - self.since) if self.since else 0
        return (self.busy_ms + open_ms) / self.departures


def quantiles(place: int, gap_ms: float, known: float) -> tuple[int, int]:
    """p50 and p90 of the wait of number `place` in line (from 1), in milliseconds."""
    p50, p90 = _in_gaps(place, round(known, 1))
    return round(p50 * gap_ms), round(p90 * gap_ms)


@lru_cache(maxsize=16_384)
def _in_gaps(place: int, known: float) -> tuple[float, float]:
    """The quantiles in units of the mean gap: the same few are asked for all the time."""
    mean = max(1, place)
    shape = 1.0 / (1.0 / mean + 1.0 / known)
    return mean * _quantile(shape, 0.0), mean * _quantile(shape, _P90)


def _quantile(shape: float, normal: float) -> float:
    """Of a gamma distribution with this shape and the mean 1."""
    root = 1.0 - 1.0 / (9.0 * shape) + normal / (3.0 * math.sqrt(shape))
    return max(0.0, root) ** 3
