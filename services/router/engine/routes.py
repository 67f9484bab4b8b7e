"""Where a conversation goes: the first route whose every condition holds, prepared for speed."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.rules import PriorityClass, Route, Rules

UNROUTED = "unrouted"
"""The queue of a workspace without queues: nobody serves it, nothing in it is lost."""

_MOST_REMEMBERED = 4096


class Placement(NamedTuple):
    """What a route says. `target_ms` is how long after its arrival the answer is due."""

    route: str | None
    queue: str
    priority: str
    requires: dict[str, int]
    target_ms: int
    asked: dict[str, int] | None = None


class Routing:
    """The routes of one set of rules.

    Only the values that some route asks for can make a difference, so an answer is remembered per
    combination of those; there are few of them, whatever customers send.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._routes = [route for route in rules.routes if route.queue in rules.queues]
        self._fallback = next(iter(rules.queues), UNROUTED)
        self._asked: dict[str, set[str]] = {}
        for route in self._routes:
            for name, values in route.when.items():
                self._asked.setdefault(name, set()).update(values)
        self._known: dict[tuple[str | None, ...], Placement] = {}

    def place(self, channel: str, attributes: Mapping[str, str]) -> Placement:
        """Queue, class and skills by the first route that holds, else the first queue there is."""
        telling = (channel, *self._telling(attributes))
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
            if route.queue == queue and _holds(route, attributes):
                return self._by(route, channel)
        return Placement(None, queue, priority, {}, self._target(priority, channel))

    def _telling(self, attributes: Mapping[str, str]) -> list[str | None]:
        return [
            value if (value := attributes.get(name)) in values else None
            for name, values in self._asked.items()
        ]

    def _find(self, channel: str, attributes: Mapping[str, str]) -> Placement:
        for route in self._routes:
            if _holds(route, attributes):
                return self._by(route, channel)
        return Placement(None, self._fallback, "normal", {}, self._target("normal", channel))

    def _by(self, route: Route, channel: str) -> Placement:
        target = self._target(route.priority, channel)
        return Placement(route.name, route.queue, route.priority, route.requires, target)

    def _target(self, priority: str, channel: str) -> int:
        return self._rules.classes.get(priority, PriorityClass()).target_ms(channel)


def _holds(route: Route, attributes: Mapping[str, str]) -> bool:
    return all(attributes.get(name) in values for name, values in route.when.items())
