"""Requirements that nobody in the file can ever meet, and agents who can never take anything."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.config.source import Document, Path_
from shared.rules import Agent, Route, Rules


class _Stage(NamedTuple):
    """What a route asks for from one moment on; `path` is where that stands."""

    name: str
    queues: tuple[str, ...]
    requires: Mapping[str, Any]
    path: Path_


def advise_ability(rules: Rules, here: Path_, document: Document) -> None:
    """Warn of routes and steps that no agent could ever take, and of agents who take nothing."""
    for index, route in enumerate(rules.routes):
        for stage in _stages(route, (*here, "routes", index)):
            if not any(_able(rules, agent, route, stage) for agent in rules.agents.values()):
                document.problem(
                    stage.path,
                    f"no agent can ever meet {stage.name}",
                    _hint(rules, stage),
                    warning=True,
                )
    for name, agent in rules.agents.items():
        limits = {**rules.default_capacity, **agent.capacity}
        if limits and not any(limits.values()):
            message = "this agent is never offered anything: every capacity is 0"
            document.problem((*here, "agents", name, "capacity"), message, warning=True)


def _stages(route: Route, path: Path_) -> Iterator[_Stage]:
    """The route as it is written, and after each step."""
    queue, requires = route.queue, route.requires
    yield _Stage(f"route {route.name!r}", (queue,), requires, (*path, "requires"))
    for number, step in enumerate(route.steps):
        queue = step.queue or queue
        requires = requires if step.requires is None else step.requires
        what = f"step {number + 1} of route {route.name!r}"
        yield _Stage(what, (queue, *(step.also or ())), requires, (*path, "steps", number))


def _able(rules: Rules, agent: Agent, route: Route, stage: _Stage) -> bool:
    return (
        any(queue in agent.queues for queue in stage.queues)
        and possible(stage.requires, agent.skills)
        and _takes(rules, agent, route)
    )


def _takes(rules: Rules, agent: Agent, route: Route) -> bool:
    """Has he capacity on some channel that the route is for?"""
    channels = route.when.get("channel")
    if not isinstance(channels, list):
        return True
    limits = {**rules.default_capacity, **agent.capacity}
    return any(limits.get(channel, 1) > 0 for channel in channels)


def possible(need: Mapping[str, Any], levels: Mapping[str, int]) -> bool:
    """Could somebody with these skills meet it, whatever the conversation is like?"""
    return all(_part(key, value, levels, ifs=True) for key, value in need.items())


def _certain(need: Mapping[str, Any], levels: Mapping[str, int]) -> bool:
    """Does he meet it for every conversation?"""
    return all(_part(key, value, levels, ifs=False) for key, value in need.items())


def _part(key: str, value: Any, levels: Mapping[str, int], *, ifs: bool) -> bool:
    """`ifs` is what a condition on the conversation counts as."""
    meets, fails = (possible, _certain) if ifs else (_certain, possible)
    if key == "all":
        return all(meets(part, levels) for part in value)
    if key == "any":
        return any(meets(part, levels) for part in value)
    if key == "not":
        return not fails(value, levels)
    return ifs if key == "when" else bool(levels.get(key, 0) >= value)


def _hint(rules: Rules, stage: _Stage) -> str:
    """Who comes nearest: what stands in the way."""
    serving = [a for a in rules.agents.values() if set(stage.queues) & set(a.queues)]
    if not serving:
        return f"nobody serves {' or '.join(stage.queues)}"
    able = [name for name, a in rules.agents.items() if possible(stage.requires, a.skills)]
    if able:
        return f"{able[0]} could, but does not serve {stage.queues[0]} or takes nothing there"
    return "give somebody the skills, or ask for less"
