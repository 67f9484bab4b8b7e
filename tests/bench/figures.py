"""What a bench says: rows of figures, each beside the limit that was measured with it."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
"""A figure: what it is about, and numbers whose names say their unit."""


class BenchFailed(Exception):
    """What came out is not what was put in: no figure of this run means anything."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long to measure. Each figure is the median of `repetitions` of `seconds` each.

    `shards` is the number of partitions of every topic, by default what one box runs with. `rates`
    are the arrivals per second at which the way to the agents is measured, each for
    `latency_seconds`, with so many `agents`. `customers` write to a shard that has to catch up;
    `waiting` conversations are recovered, and `tail` decisions after their snapshot; `timers` are
    armed.
    """

    seconds: float = 2.0
    repetitions: int = 3
    shards: int = 16
    connections: int = 32
    rates: tuple[float, ...] = (50, 100, 200, 400)
    latency_seconds: float = 12.0
    agents: int = 40
    customers: int = 20_000
    waiting: int = 1_000_000
    tail: int = 20_000
    timers: int = 1_000_000
    quick: bool = False


QUICK = Size(
    seconds=0.2,
    repetitions=1,
    shards=4,
    connections=4,
    rates=(20,),
    latency_seconds=1.0,
    agents=4,
    customers=200,
    waiting=2_000,
    tail=400,
    timers=2_000,
    quick=True,
)
"""Enough to see that the harness works; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """One table of a bench, and what a reader must know about it."""

    title: str
    rows: list[Row]
    notes: Sequence[str] = field(default=())


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; NaN when there are none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    """The median; NaN when there are none."""
    return statistics.median(values) if values else float("nan")
