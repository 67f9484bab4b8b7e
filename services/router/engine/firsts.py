"""The one agent who is asked before all others: who held it last, or whom an attribute names."""

from services.router.engine.demand import requires_of
from services.router.engine.keeping import Keep, keep_for
from services.router.engine.routes import Placement
from services.router.engine.state import Agent, Conversation, Workspace
from services.router.engine.versions import routing_for
from shared.rules.needs import satisfied


def first_asked(
    workspace: Workspace, conversation: Conversation, place: Placement, now: int
) -> Keep | None:
    """The promise to him; None where he is not there, could not take it, or has too much."""
    first = place.first
    if first is None:
        return None
    known = conversation.attributes
    last = first.agent == "last"
    name = workspace.threads[conversation.key].agent if last else known.get(first.agent)
    agent = workspace.agents.get(name or "")
    if agent is None or not _able(agent, place, conversation.channel):
        return None
    if first.at_most is not None and len(agent.work) >= first.at_most:
        return None
    return keep_for(workspace, agent.name, now, first.seconds)


def overloaded(workspace: Workspace, agent: Agent) -> list[Conversation]:
    """What is kept for an agent who has more by now than its route would have him have."""
    found = []
    for conversation in agent.kept.values():
        route = routing_for(workspace, conversation).route(conversation.route)
        most = None if route is None or route.first is None else route.first.at_most
        if most is not None and not conversation.pinned and len(agent.work) >= most:
            found.append(conversation)
    return found


def _able(agent: Agent, place: Placement, channel: str) -> bool:
    profile = agent.profile
    return (
        profile is not None
        and place.queue in profile.abilities.queues
        and channel not in profile.abilities.closed
        and satisfied(requires_of(place.requires), profile.levels)
    )
