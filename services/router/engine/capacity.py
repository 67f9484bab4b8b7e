"""How much an agent holds, and how much he may: conversations per channel, units in total.

A conversation takes a place on its channel and its units of the total from the moment it is
offered until it ends, or until the wrap-up after it does. A limit lowered below the load takes
nothing away; it only stops more.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from shared.rules import Agent as AgentRules
from shared.rules import Rules

if TYPE_CHECKING:
    from services.router.engine.state import Agent, Conversation

UNLISTED = 1
"""The limit on a channel that neither the agent nor the defaults name: nothing is stranded."""

UNBOUNDED = 1_000_000
"""The total of an agent without one: his channels are his only bound."""

_WHOLE = 100
"""Work is counted in hundredths where some of it is paused."""


class Terms(NamedTuple):
    """What counts only partly: `interrupts` names per channel the channels that it goes over."""

    interrupts: Mapping[str, frozenset[str]]
    paused_percent: int
    reserve: int


PLAIN = Terms({}, _WHOLE, 0)
"""Everything counts as it is."""


def limits(rules: Rules, agent: AgentRules) -> Mapping[str, int]:
    """Conversations per channel: the agent's own limits, and the workspace's for the rest."""
    return {**rules.default_capacity, **agent.capacity}


def most(agent: AgentRules) -> int:
    """Units over all channels together."""
    return UNBOUNDED if agent.total is None else agent.total


def terms(rules: Rules, agent: AgentRules) -> Terms:
    """What counts only partly for this agent."""
    over = {name: frozenset(below) for name, below in rules.capacity.interrupts.items()}
    return Terms(over, rules.capacity.paused_percent, agent.reserve)


def has_room(agent: "Agent", channel: str, units: int = 1) -> bool:
    """May one more conversation of this channel and weight be offered to him?"""
    if agent.paused or agent.terms.interrupts or agent.allowed is not None:
        return _has_room(agent, channel, units)
    return agent.busy + units <= agent.most and (
        agent.load.get(channel, 0) < agent.limits.get(channel, UNLISTED)
    )


def at_work(agent: "Agent") -> bool:
    """Does he take new work on any channel?"""
    return agent.state == "available" or agent.state == "busy"


def takes(agent: "Agent", channel: str) -> bool:
    """Does he take new work on this channel now, given room?"""
    return agent.state == "available" or channel in agent.channels


def is_free(agent: "Agent", channel: str, units: int = 1) -> bool:
    """Does he take new work of this channel and weight, and has he room?"""
    return takes(agent, channel) and has_room(agent, channel, units)


def spare(agent: "Agent", channel: str) -> int:
    """How much more he may take on this channel."""
    on_channel = agent.limits.get(channel, UNLISTED) - agent.load.get(channel, 0)
    return min(agent.most - agent.busy, on_channel)


def take(agent: "Agent", conversation: "Conversation") -> None:
    """Its place and its units are taken now."""
    channel = conversation.channel
    agent.busy += conversation.units
    agent.load[channel] = agent.load.get(channel, 0) + 1
    if conversation.paused:
        agent.paused[conversation.id] = conversation


def give_back(agent: "Agent", conversation: "Conversation") -> None:
    """Its place and its units are free again."""
    channel = conversation.channel
    agent.busy -= conversation.units
    agent.paused.pop(conversation.id, None)
    left = agent.load[channel] - 1
    if left:
        agent.load[channel] = left
    else:
        del agent.load[channel]


def _has_room(agent: "Agent", channel: str, units: int) -> bool:
    """`has_room` where some work counts only partly: looks at all that he holds."""
    if agent.allowed is not None and agent.allowed <= 0:
        return False
    over = agent.terms.interrupts.get(channel, frozenset())
    load = busy = owed = 0
    for held in agent.work.values():
        part = agent.terms.paused_percent if held.paused else _WHOLE
        load += part * (held.channel == channel)
        owed += (_WHOLE - part) * held.units
        busy += 0 if held.channel in over else part * held.units
    kept = min(owed, agent.terms.reserve * _WHOLE)
    return (
        load + _WHOLE <= agent.limits.get(channel, UNLISTED) * _WHOLE
        and busy + kept + units * _WHOLE <= agent.most * _WHOLE
    )


def may_wake(agent: "Agent", conversation: "Conversation") -> bool:
    """May work of his that sleeps weigh in full again? The reserve is there for that."""
    on_channel = busy = 0
    for held in agent.work.values():
        rests = held.paused and held is not conversation
        part = agent.terms.paused_percent if rests else _WHOLE
        on_channel += part * (held.channel == conversation.channel)
        busy += part * held.units
    limit = agent.limits.get(conversation.channel, UNLISTED)
    return on_channel <= limit * _WHOLE and busy <= agent.most * _WHOLE
