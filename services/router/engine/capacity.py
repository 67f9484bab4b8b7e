"""How much an agent holds, and how much he may: units per channel and in total.

A conversation takes one unit of its channel from the moment it is offered until it ends, or until
the wrap-up after it does. A limit lowered below the load takes nothing away; it only stops more.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.rules import Agent as AgentRules
from shared.rules import Rules

if TYPE_CHECKING:
    from services.router.engine.state import Agent, Conversation

UNLISTED = 1
"""The limit on a channel that neither the agent nor the defaults name: nothing is stranded."""

UNBOUNDED = 1_000_000
"""The total of an agent without one: his channels are his only bound."""


def limits(rules: Rules, agent: AgentRules) -> Mapping[str, int]:
    """Units per channel: the agent's own, and the workspace's default for the rest."""
    return {**rules.default_capacity, **agent.capacity}


def most(agent: AgentRules) -> int:
    """Units over all channels together."""
    return UNBOUNDED if agent.total is None else agent.total


def has_room(agent: "Agent", channel: str) -> bool:
    """May one more conversation on this channel be offered to him?"""
    return agent.busy < agent.most and agent.load.get(channel, 0) < agent.limits.get(
        channel, UNLISTED
    )


def at_work(agent: "Agent") -> bool:
    """Does he take new work on any channel?"""
    return agent.state == "available" or agent.state == "busy"


def takes(agent: "Agent", channel: str) -> bool:
    """Does he take new work on this channel now, given room?"""
    return agent.state == "available" or channel in agent.channels


def is_free(agent: "Agent", channel: str) -> bool:
    """Does he take new work on it, and has he room?"""
    return takes(agent, channel) and has_room(agent, channel)


def take(agent: "Agent", channel: str) -> None:
    """One unit is his now."""
    agent.busy += 1
    agent.load[channel] = agent.load.get(channel, 0) + 1


def give_back(agent: "Agent", channel: str) -> None:
    """One unit is free again."""
    agent.busy -= 1
    left = agent.load[channel] - 1
    if left:
        agent.load[channel] = left
    else:
        del agent.load[channel]


def may_wake(agent: "Agent", conversation: "Conversation") -> bool:
    """May work of his that sleeps weigh in full again? The reserve is there for that."""
    return bool(agent.work.get(conversation.id) is conversation)
