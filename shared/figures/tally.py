"""Facts added up: the counts of one interval, by queue, channel and class."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from shared.figures.facts import Fact
from shared.figures.service_level import Waits
from shared.rules import Queue, ServiceLevel

INTERVAL_MS = 900_000
"""Fifteen minutes, counted from the Unix epoch: the unit of workforce planning."""

BOUNDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
"""Upper bounds, in seconds, of the buckets that waits are counted in; the last one is open."""


class Target(NamedTuple):
    """What a queue promises, in milliseconds."""

    wait: int
    short: int


def target_of(level: ServiceLevel) -> Target:
    """A queue's promise as the figures count by it."""
    return Target(round(level.seconds * 1000), round(level.short_abandon_seconds * 1000))


UNPROMISED = target_of(Queue().service_level)
"""For a queue that the rules do not know."""


class Labels(NamedTuple):
    """What figures are split by."""

    queue: str
    channel: str
    priority: str


@dataclass(slots=True)
class Row:
    """What happened with these labels; every number only ever grows.

    A wait counts where and when it ended. `times` are sums in milliseconds.
    """

    arrived: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    abandoned_in_target: int = 0
    abandoned_short: int = 0
    ended: int = 0
    moved: int = 0
    answered_ms: int = 0
    abandoned_ms: int = 0
    queue_waits: int = 0
    queue_wait_ms: int = 0
    waits: list[int] = field(default_factory=list)
    responses: int = 0
    response_ms: int = 0
    handled: int = 0
    handle_ms: int = 0
    wrap_ups: int = 0
    wrap_up_ms: int = 0
    transfers: int = 0
    offers: dict[str, int] = field(default_factory=dict)

    def add(self, fact: Fact, target: Target) -> None:
        """Count one fact; what has no place here is a metric only."""
        count = _COUNT.get(fact.measure)
        if count is not None:
            count(self, fact, target)

    def merge(self, other: "Row") -> None:
        """Count all that another one has."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.waits:
            waits = self.waits or [0] * len(other.waits)
            self.waits = [one + more for one, more in zip(waits, other.waits, strict=True)]
        for how, count in other.offers.items():
            self.offers[how] = self.offers.get(how, 0) + count

    def ended_waits(self) -> Waits:
        """What the formulas of the service level are made of."""
        return Waits(
            offered=self.answered + self.abandoned + self.ended,
            answered=self.answered,
            answered_in_target=self.answered_in_target,
            abandoned=self.abandoned,
            abandoned_in_target=self.abandoned_in_target,
            abandoned_short=self.abandoned_short,
        )


_NUMBERS = tuple(one.name for one in fields(Row) if one.name not in ("waits", "offers"))


def _wait(row: Row, fact: Fact, target: Target) -> None:
    within = fact.milliseconds <= target.wait
    if fact.outcome == "answered":
        row.answered += 1
        row.answered_in_target += within
        row.answered_ms += fact.milliseconds
        row.waits = row.waits or [0] * (len(BOUNDS) + 1)
        row.waits[bisect_left(BOUNDS, fact.milliseconds / 1000)] += 1
    elif fact.outcome == "abandoned":
        row.abandoned += 1
        row.abandoned_in_target += within
        row.abandoned_short += fact.milliseconds < target.short
        row.abandoned_ms += fact.milliseconds
    else:
        row.ended += 1


def _queue_wait(row: Row, fact: Fact, _target: Target) -> None:
    row.queue_waits += 1
    row.queue_wait_ms += fact.milliseconds
    row.moved += fact.outcome == "moved"


def _offer(row: Row, fact: Fact, _target: Target) -> None:
    row.offers[fact.outcome] = row.offers.get(fact.outcome, 0) + 1


def _timed(count: str, total: str) -> Callable[[Row, Fact, Target], None]:
    def add(row: Row, fact: Fact, _target: Target) -> None:
        setattr(row, count, getattr(row, count) + 1)
        setattr(row, total, getattr(row, total) + fact.milliseconds)

    return add


def _arrival(row: Row, _fact: Fact, _target: Target) -> None:
    row.arrived += 1


def _transfer(row: Row, _fact: Fact, _target: Target) -> None:
    row.transfers += 1


_COUNT: Mapping[str, Callable[[Row, Fact, Target], None]] = {
    "arrival": _arrival,
    "wait": _wait,
    "queue_wait": _queue_wait,
    "offer": _offer,
    "transfer": _transfer,
    "first_response": _timed("responses", "response_ms"),
    "handle": _timed("handled", "handle_ms"),
    "wrap_up": _timed("wrap_ups", "wrap_up_ms"),
}


def labels_of(fact: Fact) -> Labels:
    """Under what a fact is counted."""
    return Labels(fact.queue, fact.channel, fact.priority)


def interval_of(at: int) -> int:
    """The beginning of the interval that a moment lies in; both in Unix milliseconds."""
    return at - at % INTERVAL_MS


def summed(rows: Iterable[Row]) -> Row:
    """All of them as one."""
    total = Row()
    for row in rows:
        total.merge(row)
    return total


def targets_of(queues: Mapping[str, Any]) -> dict[str, Target]:
    """The promise of every queue of the rules."""
    return {name: target_of(queue.service_level) for name, queue in queues.items()}
