"""Names that the rules use: each with its place and where it is looked up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.config.raw import children, mapping, texts
from shared.config.source import Path_

NESTING = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Used:
    """A name at `path` that must be one of `section`; `what` is what people call such a thing."""

    path: Path_
    what: str
    name: str
    section: str


_ATTRIBUTES = (
    ("channel", "channel", "channel"),
    ("account", "channel account", "channels"),
    ("alert", "alert", "alerts"),
)
_ROUTE = (("queue", "queue", "queues"), ("priority", "class", "classes"))
_STEP = (*_ROUTE, ("also", "queue", "queues"))
_BY_CHANNEL = ("default_capacity", "thread_window_hours")


def names_used(rules: dict[str, Any], here: Path_) -> Iterator[Used]:
    """Every name in the rules that stand at `here`, as far as they can be read."""
    for index, route in enumerate(_listed(rules.get("routes"))):
        yield from _in_route(mapping(route), (*here, "routes", index))
    for name, agent in children(rules.get("agents")):
        path = (*here, "agents", name)
        yield from _at((*path, "queues"), "queue", agent.get("queues"), "queues")
        yield from _at((*path, "skills"), "skill", agent.get("skills"), "skills")
        yield from _at((*path, "capacity"), "channel", agent.get("capacity"), "channel")
    for name, queue in children(rules.get("queues")):
        yield from _in_queue(queue, (*here, "queues", name))
    for name, one in children(rules.get("classes")):
        path = (*here, "classes", name, "by_channel")
        yield from _at(path, "channel", one.get("by_channel"), "channel")
    for key in _BY_CHANNEL:
        yield from _at((*here, key), "channel", rules.get(key), "channel")
    yield from _in_capacity(mapping(rules.get("capacity")), (*here, "capacity"))


def conditions(rules: dict[str, Any], here: Path_) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Every condition on attributes, with its place."""
    for index, route in enumerate(_listed(rules.get("routes"))):
        path = (*here, "routes", index)
        yield from _nested((*path, "when"), mapping(route).get("when"))
        for place, need in _needs(mapping(route), path):
            yield from _whens(place, need)
    labels = mapping(rules.get("capacity")).get("labels")
    for index, label in enumerate(_listed(labels)):
        yield from _nested((*here, "capacity", "labels", index, "when"), mapping(label).get("when"))


def _in_route(route: dict[str, Any], path: Path_) -> Iterator[Used]:
    for key, what, section in _ROUTE:
        yield from _at((*path, key), what, route.get(key), section)
    for index, step in enumerate(_listed(route.get("steps"))):
        for key, what, section in _STEP:
            place = (*path, "steps", index, key)
            yield from _at(place, what, mapping(step).get(key), section)
    for place, need in _needs(route, path):
        for skill_path, skill in _skills(place, need):
            yield Used(skill_path, "skill", skill, "skills")


def _needs(route: dict[str, Any], path: Path_) -> Iterator[tuple[Path_, Any]]:
    """What a route and its steps require and prefer."""
    rows = [(path, route)]
    steps = enumerate(_listed(route.get("steps")))
    rows += [((*path, "steps", index), mapping(step)) for index, step in steps]
    for place, row in rows:
        yield (*place, "requires"), row.get("requires")
        for index, need in enumerate(_listed(row.get("preferred"))):
            yield (*place, "preferred", index), need


def _skills(path: Path_, need: Any) -> Iterator[tuple[Path_, str]]:
    for key, value in mapping(need).items():
        if key in NESTING:
            for place, below in _below(path, key, value):
                yield from _skills(place, below)
        elif key != "when":
            yield (*path, key), key


def _whens(path: Path_, need: Any) -> Iterator[tuple[Path_, dict[str, Any]]]:
    for key, value in mapping(need).items():
        if key in NESTING:
            for place, below in _below(path, key, value):
                yield from _whens(place, below)
        elif key == "when":
            yield from _nested((*path, key), value)


def _nested(path: Path_, condition: Any) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """The condition and those inside it."""
    if isinstance(condition, dict):
        yield path, condition
        for key in NESTING:
            for place, below in _below(path, key, condition.get(key)):
                yield from _nested(place, below)


def _below(path: Path_, key: str, value: Any) -> Iterator[tuple[Path_, Any]]:
    if key == "not":
        yield (*path, key), value
        return
    for index, below in enumerate(_listed(value)):
        yield (*path, key, index), below


def attributes_used(path: Path_, condition: dict[str, Any]) -> Iterator[Used]:
    """The values of a condition that are names of something."""
    for key, what, section in _ATTRIBUTES:
        value = condition.get(key)
        if isinstance(value, str | list):
            yield from _at((*path, key), what, value, section)


def _in_queue(queue: dict[str, Any], path: Path_) -> Iterator[Used]:
    yield from _at((*path, "hours"), "hours", queue.get("hours"), "hours")
    for key, inner in (("offer", "then_queue"), ("after_hours", "queue")):
        target = mapping(queue.get(key)).get(inner)
        yield from _at((*path, key, inner), "queue", target, "queues")
    for index, limit in enumerate(_listed(queue.get("max_wait"))):
        place = (*path, "max_wait", index, "queue")
        yield from _at(place, "queue", mapping(limit).get("queue"), "queues")


def _in_capacity(capacity: dict[str, Any], path: Path_) -> Iterator[Used]:
    yield from _at((*path, "units"), "channel", capacity.get("units"), "channel")
    yield from _at((*path, "interrupts"), "channel", capacity.get("interrupts"), "channel")
    for channel, others in mapping(capacity.get("interrupts")).items():
        yield from _at((*path, "interrupts", channel), "channel", others, "channel")


def _at(path: Path_, what: str, value: Any, section: str) -> Iterator[Used]:
    for step, name in texts(value):
        yield Used((*path, *step), what, name, section)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
