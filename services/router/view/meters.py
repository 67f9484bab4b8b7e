"""What was measured, as metrics: each fact once, labels from closed sets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.router import metrics
from shared.figures.facts import Fact
from shared.figures.service_level import Waits
from shared.figures.tally import Row, Target

_OTHER = "other"


class Names:
    """The first so many names that are met; any other one is `other`. Names come from rules, which
    may change for ever; a metric's labels may not."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, name: str) -> str:
        """The name as a label."""
        if name not in self._known:
            if len(self._known) >= self._most:
                return _OTHER
            self._known.add(name)
        return name


class Meters:
    """Counts facts of one process."""

    def __init__(self, queues: int = 50, classes: int = 20) -> None:
        self._queues = Names(queues)
        self._routes = Names(queues)
        self._classes = Names(classes)

    def count(self, facts: Iterable[tuple[int, Fact, Target]], beginning: int) -> None:
        """The facts that come from the offset `beginning` on; those before have been counted."""
        for offset, fact, target in facts:
            if offset >= beginning:
                self._count(fact, target)

    def _count(self, fact: Fact, target: Target) -> None:
        if fact.measure == "step":
            route = self._routes.label(fact.route)
            metrics.ROUTE_STEPS.labels(route, str(fact.step), fact.outcome).inc()
            return
        _compare(fact)
        queue = self._queues.label(fact.queue)
        by = (fact.channel, queue, self._classes.label(fact.priority))
        _METERS[fact.measure](fact, by)
        if fact.measure == "wait":
            row = Row()
            row.add(fact, target)
            _level(queue, row.ended_waits())


def _compare(fact: Fact) -> None:
    """Rules on trial beside those in force."""
    version = "trial" if fact.trial else "in_force"
    if fact.measure == "arrival":
        metrics.RULES_ARRIVALS.labels(version).inc()
    elif fact.measure == "wait":
        seconds = fact.milliseconds / 1000
        metrics.RULES_WAIT_SECONDS.labels(version, fact.outcome).observe(seconds)


def _level(queue: str, waits: Waits) -> None:
    for name in Waits.__dataclass_fields__:
        metrics.SERVICE_LEVEL_WAITS.labels(queue, name).inc(getattr(waits, name))


def _observed(histogram: Any) -> Callable[[Fact, tuple[str, str, str]], None]:
    def observe(fact: Fact, by: tuple[str, str, str]) -> None:
        histogram.labels(*by).observe(fact.milliseconds / 1000)

    return observe


def _by_outcome(histogram: Any, width: int = 3) -> Callable[[Fact, tuple[str, str, str]], None]:
    def observe(fact: Fact, by: tuple[str, str, str]) -> None:
        histogram.labels(*by[:width], fact.outcome).observe(fact.milliseconds / 1000)

    return observe


def _counted(counter: Any) -> Callable[[Fact, tuple[str, str, str]], None]:
    def count(_fact: Fact, by: tuple[str, str, str]) -> None:
        counter.labels(*by).inc()

    return count


def _judged(fact: Fact, by: tuple[str, str, str]) -> None:
    metrics.WAIT_ESTIMATES.labels(*by, fact.outcome).inc()


_METERS: Mapping[str, Callable[[Fact, tuple[str, str, str]], None]] = {
    "arrival": _counted(metrics.ARRIVALS),
    "wait": _by_outcome(metrics.WAIT_SECONDS),
    "queue_wait": _by_outcome(metrics.QUEUE_WAIT_SECONDS),
    "first_response": _observed(metrics.FIRST_RESPONSE_SECONDS),
    "handle": _observed(metrics.HANDLE_SECONDS),
    "wrap_up": _observed(metrics.WRAP_UP_SECONDS),
    "offer": _by_outcome(metrics.OFFER_SECONDS, width=2),
    "transfer": _counted(metrics.TRANSFERS),
    "estimate": _judged,
}
