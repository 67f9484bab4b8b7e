"""What the owned shards look like now, as gauges: who waits where, and how busy agents are."""

from collections import Counter
from collections.abc import Iterable

from services.router.engine.state import Agent, State
from services.router.metrics import (
    ENGINE_AGENTS,
    ENGINE_SERVICE_LEVEL_TARGET,
    ENGINE_UNITS,
    ENGINE_UNMEETABLE,
    ENGINE_WAITING,
)
from shared.figures.occupancy import COMING

QUEUES = 50
"""So many queues have a series of their own; the rest are `other`."""

_ASKED = ("offered", "dialling")
"""What takes his capacity, and does not keep him busy yet."""


def measure(states: Iterable[State]) -> None:
    """Set the gauges to what these states say. O(agents + skill classes)."""
    waiting: Counter[tuple[str, str]] = Counter()
    agents: Counter[str] = Counter()
    units: Counter[str] = Counter()
    targets: dict[tuple[str, str], float] = {}
    unmeetable = 0
    for state in states:
        for workspace in state.workspaces.values():
            for wanted in workspace.classes.values():
                waiting[wanted.channel, wanted.queue] += wanted.waiting
                unmeetable += 0 if wanted.profiles or wanted.helpers else wanted.waiting
            for agent in workspace.agents.values():
                _look(agent, agents, units)
            for name, queue in workspace.rules.queues.items():
                key = (name, queue.service_level.formula)
                targets[key] = max(targets.get(key, 0.0), queue.service_level.percent / 100)
    _show_queues(waiting, targets)
    ENGINE_UNMEETABLE.set(unmeetable)
    for doing in ("handling", "idle", "absent"):
        ENGINE_AGENTS.labels(doing).set(agents[doing])
    for what in ("taken", "capacity"):
        ENGINE_UNITS.labels(what).set(units[what])


def _look(agent: Agent, agents: Counter[str], units: Counter[str]) -> None:
    if any(conversation.status not in _ASKED for conversation in agent.work.values()):
        agents["handling"] += 1
    else:
        agents["idle" if agent.state in COMING else "absent"] += 1
    if agent.work or agent.state in COMING:
        most = 0 if agent.rules is None else min(agent.most, sum(agent.limits.values()))
        units["taken"] += agent.busy
        units["capacity"] += max(most, agent.busy)


def _show_queues(waiting: Counter[tuple[str, str]], targets: dict[tuple[str, str], float]) -> None:
    names = {queue for _, queue in waiting} | {queue for queue, _ in targets}
    named = set(sorted(names)[:QUEUES])
    ENGINE_WAITING.clear()
    for (channel, queue), count in waiting.items():
        ENGINE_WAITING.labels(channel, queue if queue in named else "other").inc(count)
    ENGINE_SERVICE_LEVEL_TARGET.clear()
    for (queue, formula), percent in targets.items():
        if queue in named:
            ENGINE_SERVICE_LEVEL_TARGET.labels(queue, formula).set(percent)
