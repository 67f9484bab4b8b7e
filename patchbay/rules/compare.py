"""What two sets of rules made of the same conversations, side by side. Pure."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any, Literal

from services.router.metrics import RULES_COMPARED, RULES_DIFFERENCES
from shared.events import routing
from shared.events.routing import RoutingEvent

Field = Literal["route", "queue", "class", "step", "agent", "wait"]
FIELDS: tuple[Field, ...] = ("route", "queue", "class", "step", "agent", "wait")
EXAMPLES = 5
"""Conversations that are named per difference."""

WAIT_MS = 1000
"""By so much two waits must differ to be called different."""

_MOST_OPEN = 100_000


@dataclass(slots=True)
class Course:
    """What became of a conversation under one set of rules, up to its first offer."""

    route: str | None = None
    queue: str = ""
    priority: str = ""
    step: int = 0
    agent: str | None = None
    wait_ms: int | None = None

    def value(self, name: Field) -> Any:
        """What is compared."""
        if name == "wait":
            return None if self.wait_ms is None else self.wait_ms / 1000
        return getattr(self, "priority" if name == "class" else name)


@dataclass(slots=True)
class Pair:
    """One conversation that began while the shadow looked on."""

    began: int
    live: Course = field(default_factory=Course)
    shadow: Course = field(default_factory=Course)
    over: bool = False

    def different(self, name: Field) -> bool:
        """Do they differ in this?"""
        one, other = self.live.wait_ms, self.shadow.wait_ms
        if name == "wait" and one is not None and other is not None:
            return abs(one - other) >= WAIT_MS
        return bool(self.live.value(name) != self.shadow.value(name))


class Comparison:
    """Collects pairs; each is counted once, when it is over or at the end."""

    def __init__(self) -> None:
        self.compared = self.same = 0
        self.differences: Counter[Field] = Counter()
        self.changes: Counter[tuple[Field, str, str]] = Counter()
        self.examples: dict[Field, list[dict[str, Any]]] = {name: [] for name in FIELDS}
        self.waits: dict[str, list[int]] = {"live": [], "shadow": []}
        self.waiting = Counter[str]()
        self._open: OrderedDict[str, Pair] = OrderedDict()

    def lived(self, event: RoutingEvent) -> None:
        """An event of the record."""
        if isinstance(event, routing.Opened):
            self._open.setdefault(event.conversation, Pair(event.at))
            while len(self._open) > _MOST_OPEN:
                self._count(*self._open.popitem(last=False))
        pair = self._open.get(getattr(event, "conversation", ""))
        if pair is not None:
            _take(pair.began, pair.live, event)
            pair.over = pair.over or isinstance(event, routing.Closed)
        self._settle(getattr(event, "conversation", ""))

    def shadowed(self, event: RoutingEvent) -> None:
        """An event that the other rules would have led to."""
        name = getattr(event, "conversation", "")
        if isinstance(event, routing.Opened):
            self._open.setdefault(name, Pair(event.at))
        pair = self._open.get(name)
        if pair is not None:
            _take(pair.began, pair.shadow, event)
        self._settle(name)

    def finish(self) -> None:
        """No more is coming: count what is still open."""
        while self._open:
            self._count(*self._open.popitem(last=False))

    def _settle(self, name: str) -> None:
        """Both have offered it to somebody, or it ended: nothing more can be compared."""
        pair = self._open.get(name)
        if pair is None:
            return
        offered = pair.live.agent is not None and pair.shadow.agent is not None
        if offered or pair.over:
            self._count(name, self._open.pop(name))

    def _count(self, name: str, pair: Pair) -> None:
        if not pair.live.queue and not pair.shadow.queue:
            return  # a call that never left its menu
        self.compared += 1
        found = [each for each in FIELDS if pair.different(each)]
        self.same += not found
        RULES_COMPARED.labels("different" if found else "same").inc()
        for side, course in (("live", pair.live), ("shadow", pair.shadow)):
            if course.wait_ms is None:
                self.waiting[side] += 1
            else:
                self.waits[side].append(course.wait_ms)
        for each in found:
            self._differ(each, name, pair)

    def _differ(self, each: Field, name: str, pair: Pair) -> None:
        self.differences[each] += 1
        RULES_DIFFERENCES.labels(each).inc()
        live, shadow = pair.live.value(each), pair.shadow.value(each)
        if each != "wait":
            self.changes[each, _word(live), _word(shadow)] += 1
        if len(self.examples[each]) < EXAMPLES:
            self.examples[each].append({"conversation": name, "live": live, "shadow": shadow})

    def report(self) -> dict[str, Any]:
        """Counts, what became what, examples and waits, as JSON."""
        return {
            "compared": self.compared,
            "same": self.same,
            "differences": {name: self.differences[name] for name in FIELDS},
            "changes": [
                {"what": what, "live": live, "shadow": shadow, "count": count}
                for (what, live, shadow), count in self.changes.most_common(50)
            ],
            "examples": {name: found for name, found in self.examples.items() if found},
            "waits": {side: self._waits(side) for side in ("live", "shadow")},
        }

    def _waits(self, side: str) -> dict[str, Any]:
        seconds = sorted(wait / 1000 for wait in self.waits[side])
        told: dict[str, Any] = {"offered": len(seconds), "not_offered": self.waiting[side]}
        if len(seconds) > 1:
            cuts = quantiles(seconds, n=100, method="inclusive")
            told |= {"mean": sum(seconds) / len(seconds), "p50": cuts[49], "p90": cuts[89]}
        return told


def _take(began: int, course: Course, event: RoutingEvent) -> None:
    """Up to the first offer."""
    if course.agent is not None:
        return
    if isinstance(event, routing.Queued):
        course.route, course.queue, course.step = event.route, event.queue, event.step
        course.priority = event.priority
    elif isinstance(event, routing.Offered):
        course.agent, course.wait_ms = event.agent, event.at - began


def _word(value: Any) -> str:
    return "none" if value is None else str(value)
