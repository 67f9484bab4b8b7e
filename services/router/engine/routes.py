"""Where a conversation goes: the first route whose condition holds, prepared for speed."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from services.router.engine.telling import Look, Telling
from shared.rules import First, PriorityClass, Route, Rules, Step
from shared.rules.conditions import holds, tests
from shared.rules.needs import asked, canonical, plain

UNROUTED = "unrouted"
"""The queue of a workspace without queues: nobody serves it, nothing in it is lost."""

_MOST_REMEMBERED = 4096

Tree = dict[str, Any]


class Placement(NamedTuple):
    """What a route says, after so many of its steps.

    `target_ms` is how long after its arrival its turn comes, `rank` goes before it. `asked` are
    the skills a person asked for, `also` the queues whose agents may take it, too, `units` what it
    takes of an agent's capacity, `step` how many of the route's steps were taken, `next` the one
    that comes next, `first` the agent who is asked before all others.
    """

    route: str | None
    queue: str
    priority: str
    requires: Tree
    target_ms: int
    asked: dict[str, int] | None = None
    preferred: tuple[Tree, ...] = ()
    also: tuple[str, ...] = ()
    units: int = 1
    rank: int = 0
    step: int = 0
    next: Step | None = None
    first: First | None = None


class Routing:
    """The routes of one set of rules. What it finds is remembered per look of the attributes."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._routes = [route for route in rules.routes if route.queue in rules.queues]
        self._by_name = {route.name: route for route in reversed(self._routes)}
        self._fallback = next(iter(rules.queues), UNROUTED)
        self._telling = Telling(_tests(rules))
        self._weighs = bool(rules.capacity.units or rules.capacity.labels)
        self._known: dict[tuple[str, Look], Placement] = {}

    def place(self, channel: str, attributes: Mapping[str, str]) -> Placement:
        """Queue, class and skills by the first route that holds, else the first queue there is."""
        telling = (channel, self._telling.look(attributes))
        found = self._known.get(telling)
        if found is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            found = self._known[telling] = self._find(channel, attributes)
        return found

    def place_in(
        self, queue: str, channel: str, attributes: Mapping[str, str], priority: str
    ) -> Placement:
        """As `place`, for a queue that a person chose: its own first route that holds decides.

        Without one the class stays as it is, and no skills are asked for.
        """
        for route in self._routes:
            if route.queue == queue and holds(route.when, attributes):
                return self._by(route, channel, attributes)
        return self._simply(None, queue, priority, channel, attributes)

    def after(
        self, place: Placement, step: int, channel: str, attributes: Mapping[str, str]
    ) -> Placement:
        """The same route after so many of its steps."""
        for one in self.steps(place.route)[:step]:
            place = self._changed(place, one, channel, attributes)
        return place

    def steps(self, route: str | None) -> tuple[Step, ...]:
        """The steps of the route of this name, if there still is one."""
        found = self._by_name.get(route or "")
        return () if found is None else found.steps

    def route(self, name: str | None) -> Route | None:
        """The route of this name, if there still is one."""
        return self._by_name.get(name or "")

    def _find(self, channel: str, attributes: Mapping[str, str]) -> Placement:
        for route in self._routes:
            if holds(route.when, attributes):
                return self._by(route, channel, attributes)
        return self._simply(None, self._fallback, "normal", channel, attributes)

    def _by(self, route: Route, channel: str, attributes: Mapping[str, str]) -> Placement:
        place = self._simply(route.name, route.queue, route.priority, channel, attributes)
        return place._replace(
            requires=_decided(route.requires, attributes),
            preferred=tuple(_decided(need, attributes) for need in route.preferred),
            next=next(iter(route.steps), None),
            first=route.first,
        )

    def _simply(
        self,
        route: str | None,
        queue: str,
        priority: str,
        channel: str,
        attributes: Mapping[str, str],
    ) -> Placement:
        wanted = self._rules.classes.get(priority) or PriorityClass()
        return Placement(
            route,
            queue,
            priority,
            {},
            wanted.target_ms(channel),
            units=self._units(channel, attributes) if self._weighs else 1,
            rank=wanted.rank,
        )

    def _changed(
        self, place: Placement, step: Step, channel: str, attributes: Mapping[str, str]
    ) -> Placement:
        priority = step.priority or place.priority
        wanted = self._rules.classes.get(priority) or PriorityClass()
        needs, rather = step.requires, step.preferred
        later = self.steps(place.route)[place.step + 1 :]
        return place._replace(
            step=place.step + 1,
            next=next(iter(later), None),
            queue=step.queue if step.queue in self._rules.queues else place.queue,
            priority=priority,
            target_ms=wanted.target_ms(channel),
            rank=wanted.rank,
            requires=place.requires if needs is None else _decided(needs, attributes),
            preferred=place.preferred
            if rather is None
            else tuple(_decided(need, attributes) for need in rather),
            also=place.also if step.also is None else step.also,
        )

    def _units(self, channel: str, attributes: Mapping[str, str]) -> int:
        for label in self._rules.capacity.labels:
            if holds(label.when, attributes):
                return label.units
        return self._rules.capacity.units.get(channel, 1)


def _decided(need: Tree, attributes: Mapping[str, str]) -> Tree:
    return plain(canonical(need, attributes))


def _tests(rules: Rules) -> Iterator[tuple[str, Any]]:
    """Everything that some rule asks of a conversation's attributes."""
    for route in rules.routes:
        yield from tests(route.when)
        for need in (route.requires, *route.preferred):
            yield from asked(need)
        for step in route.steps:
            for need in (step.requires or {}, *(step.preferred or ())):
                yield from asked(need)
    for label in rules.capacity.labels:
        yield from tests(label.when)
