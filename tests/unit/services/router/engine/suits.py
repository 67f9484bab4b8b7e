"""Who suits what, and what has its turn before what: said the slow and obvious way."""

from collections.abc import Mapping
from typing import Any

from services.router.engine.state import Agent, Conversation, Workspace
from shared.rules import Agent as AgentRules
from shared.rules import Queue, Rules
from shared.rules.needs import plain

_KNOWN: Mapping[str, Any] = {
    "all": lambda value, levels: all(meets(part, levels) for part in value),
    "any": lambda value, levels: any(meets(part, levels) for part in value),
    "not": lambda value, levels: not meets(value, levels),
}


def meets(need: Mapping[str, Any], levels: Mapping[str, int]) -> bool:
    """Does somebody with these skills meet the need as it is written?"""
    return all(
        _KNOWN[key](value, levels) if key in _KNOWN else levels.get(key, 0) >= value
        for key, value in need.items()
    )


def skill(need: Mapping[str, Any], levels: Mapping[str, int]) -> int:
    """How good somebody is at what is needed."""
    scores: list[int] = [
        _COUNTED[key](value, levels) if key in _COUNTED else levels.get(key, 0)
        for key, value in need.items()
    ]
    return sum(scores)


def _best(parts: list[dict[str, Any]], levels: Mapping[str, int]) -> int:
    return max((skill(part, levels) for part in parts if meets(part, levels)), default=0)


_COUNTED: Mapping[str, Any] = {
    "all": lambda value, levels: sum(skill(part, levels) for part in value),
    "any": _best,
    "not": lambda _value, _levels: 0,
}


def limit(rules: Rules, agent: AgentRules, channel: str) -> int:
    return agent.capacity.get(channel, rules.default_capacity.get(channel, 1))


def needed(conversation: Conversation) -> dict[str, Any]:
    """What is needed for it."""
    assert conversation.skill_class is not None
    return plain(conversation.skill_class.requires)


def room(rules: Rules, agent: AgentRules, held: list[Conversation], asked: Conversation) -> bool:
    """Has somebody with this work room for that? Counted in hundredths."""
    part = {True: rules.capacity.paused_percent, False: 100}
    over = rules.capacity.interrupts.get(asked.channel, ())
    on_channel = sum(part[c.paused] for c in held if c.channel == asked.channel)
    busy = sum(part[c.paused] * c.units for c in held if c.channel not in over)
    owed = sum((100 - part[c.paused]) * c.units for c in held)
    total = 10**9 if agent.total is None else agent.total * 100
    return (
        on_channel + 100 <= limit(rules, agent, asked.channel) * 100
        and busy + min(owed, agent.reserve * 100) + asked.units * 100 <= total
    )


def helps(workspace: Workspace, agent: Agent, conversation: Conversation) -> str | None:
    """The queue for which he could help out with it; None if it is his own or he could not."""
    assert conversation.skill_class is not None
    if agent.rules is None or conversation.queue in agent.rules.queues:
        return None
    also = conversation.skill_class.demand.also
    return next((queue for queue in also if queue in agent.rules.queues), None)


def keeps_target(workspace: Workspace, queue: str, now: int) -> bool:
    """Has nothing waited too long there, and was enough of the last ones answered in time?"""
    settings = workspace.rules.queues.get(queue)
    if settings is None:
        return False
    waits = [
        now - c.arrived
        for c in workspace.conversations.values()
        if c.status == "waiting" and c.queue == queue and not c.kept_for
    ]
    answered = bin(workspace.donors[queue].answered)[3:]
    met = answered.count("1") * 100 >= settings.service_level.percent * len(answered)
    return met and max(waits, default=0) <= settings.service_level.seconds * 1000


def price(workspace: Workspace, conversation: Conversation, agent: Agent) -> tuple[Any, ...]:
    """Of those who may take it, the one with the lowest is asked."""
    assert conversation.skill_class is not None
    assert agent.rules is not None
    wanted, levels = conversation.skill_class.demand, agent.rules.skills
    pick = (workspace.rules.queues.get(conversation.queue) or Queue()).pick
    donor = helps(workspace, agent, conversation)
    best = skill(needed(conversation), levels) if pick == "best_fit" else 0
    work = list(agent.work.values())
    units = sum(c.units for c in work)
    beside = sum(c.channel == conversation.channel for c in work)
    own = limit(workspace.rules, agent.rules, conversation.channel) - beside
    spare = min(own, 10**6 if agent.rules.total is None else agent.rules.total - units)
    keys = {
        "least_loaded": (units, agent.rank),
        "most_spare": (-spare, agent.rank),
        "round_robin": (agent.turn, agent.rank),
    }
    return (
        0 if donor is None else 1 + wanted.also.index(donor),
        *(not meets(plain(need), levels) for need in wanted.preferred),
        -best,
        *keys.get(pick, (agent.rank,)),
    )
