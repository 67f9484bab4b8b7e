"""The model of waits: its quantiles against the exact ones, its calibration where it fits."""

import random
from collections import deque

import pytest
from scipy.stats import betaprime, gamma

from shared.estimate import LEAST, Pace, quantiles

SECOND = 1000.0


@pytest.mark.parametrize("place", [1, 2, 3, 10, 100, 10_000])
def test_with_a_known_rate_it_is_erlangs_distribution(place: int) -> None:
    """The k-th departure of a Poisson process; the approximation is within 3 %."""
    p50, p90 = quantiles(place, SECOND, known=1e12)

    assert p50 == pytest.approx(gamma.ppf(0.5, place, scale=SECOND), rel=0.03)
    assert p90 == pytest.approx(gamma.ppf(0.9, place, scale=SECOND), rel=0.03)


@pytest.mark.parametrize("place", [1, 3, 10, 50])
@pytest.mark.parametrize("known", [10, 33])
def test_a_rate_from_few_departures_widens_it(place: int, known: int) -> None:
    """Exactly it would be a beta prime distribution: the sum of k gaps, in units of the mean of
    `known` others. Its median and 90th percentile are met within 12 %."""
    exact = betaprime(place, known + 1, scale=known * SECOND)

    p50, p90 = quantiles(place, SECOND, known)

    assert p50 == pytest.approx(exact.ppf(0.5), rel=0.12)
    assert p90 == pytest.approx(exact.ppf(0.9), rel=0.12)
    assert p90 > quantiles(place, SECOND, 1e12)[1]


def test_nothing_is_said_from_too_few() -> None:
    """Nor is a number made up while nobody waits."""
    pace = Pace()
    pace.begin(1)
    for at in range(1, int(LEAST)):
        pace.depart(1 + at * 1000, empty=False)
    assert pace.gap_ms(5000) is None

    for at in range(5, 8):
        pace.depart(1 + at * 1000, empty=False)
    assert pace.gap_ms(7001) == pytest.approx(1000)


def test_a_line_that_stands_still_says_so() -> None:
    """The time since the last departure counts, before the next one comes."""
    pace = Pace()
    pace.begin(1)
    for at in range(1, 11):
        pace.depart(1 + at * 1000, empty=False)

    assert (pace.gap_ms(10_001) or 0) == pytest.approx(1000)
    assert (pace.gap_ms(40_001) or 0) > 4000


def test_time_in_which_nobody_waits_does_not_count() -> None:
    pace = Pace()
    for at in range(10):
        pace.begin(at * 100_000 + 1)
        pace.depart(at * 100_000 + 1001, empty=True)
    pace.begin(2_000_001)
    pace.pause(2_001_001)

    assert pace.since == 0
    assert (pace.gap_ms(9_000_000) or 0) == pytest.approx(1000, rel=0.2)


class Shop:
    """First come, first served, by agents with exponential handling times."""

    def __init__(self, seed: int, agents: int, load: float) -> None:
        self.pick = random.Random(seed)
        self.agents, self.load = agents, load
        self.pace = Pace()
        self.line: deque[tuple[int, tuple[int, int] | None]] = deque()
        self.waits: list[tuple[int, int, int]] = []
        self.busy = 0

    def run(self, events: int) -> list[tuple[int, int, int]]:
        """What was said of each wait (p50, p90), and how long it was."""
        now = 1.0
        for _ in range(events):
            rates = (self.load * self.agents, float(self.busy))
            now += self.pick.expovariate(sum(rates)) * SECOND
            arrives = self.pick.random() * sum(rates) < rates[0]
            (self._arrive if arrives else self._leave)(round(now))
        return self.waits

    def _arrive(self, now: int) -> None:
        if self.busy < self.agents:
            self.busy += 1
            return
        if not self.line:
            self.pace.begin(now)
        gap = self.pace.gap_ms(now)
        place = len(self.line) + 1
        said = None if gap is None else quantiles(place, gap, self.pace.known)
        self.line.append((now, said))

    def _leave(self, now: int) -> None:
        if not self.line:
            self.busy -= 1
            return
        since, said = self.line.popleft()
        self.pace.depart(now, empty=not self.line)
        self.waits.extend([] if said is None else [(*said, now - since)])


@pytest.mark.parametrize(("agents", "load"), [(1, 0.8), (3, 0.95), (20, 0.98)])
def test_half_and_nine_in_ten_are_what_is_said(agents: int, load: float) -> None:
    """On queues that are as the model has them: within 6 and 3 points."""
    waits = Shop(7, agents, load).run(60_000)

    within_p50 = sum(wait <= p50 for p50, _, wait in waits) / len(waits)
    within_p90 = sum(wait <= p90 for _, p90, wait in waits) / len(waits)

    assert len(waits) > 3000
    assert within_p50 == pytest.approx(0.5, abs=0.06)
    assert within_p90 == pytest.approx(0.9, abs=0.03)
