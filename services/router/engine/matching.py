"""Finding who takes what.

The invariant that makes this cheap: after every decision no available agent with room is left
beside a waiting conversation that he could take. So only what a decision itself set free has to be
looked at: a conversation that began to wait looks for an agent, an agent who got room looks for a
conversation.
"""

from services.router.engine.capacity import at_work, is_free
from services.router.engine.keeping import keeper
from services.router.engine.ordering import by_due
from services.router.engine.shunning import kept_from
from services.router.engine.skills import Bench, Place, Profile, Seat, SkillClass
from services.router.engine.state import Agent, Conversation, Workspace


def crowded(conversation: Conversation) -> bool:
    """Does another one of its class wait that nobody is kept from?

    Then nobody is free for this one either: had anybody been, he would have taken that one.
    """
    wanted = conversation.skill_class
    return wanted is not None and wanted.plain > 1


def find_agent(
    workspace: Workspace, conversation: Conversation, now: int, skip: Agent | None = None
) -> Agent | None:
    """Of those who may take it now, the one who is idle longest. `skip` is not considered."""
    if conversation.kept_for is not None:
        agent = keeper(workspace, conversation)
        free = (
            agent is not None and agent.rules is not None and is_free(agent, conversation.channel)
        )
        return agent if free and agent is not skip else None
    wanted = conversation.skill_class
    assert wanted is not None
    if wanted.closed:
        return None

    def first_other(bench: Bench) -> Seat | None:
        return bench.first_but(
            lambda agent: agent is skip or kept_from(workspace, conversation, agent, now)
        )

    anybody = skip is None and not conversation.shunned
    seat = workspace.benches[wanted.channel].earliest(
        wanted.benches, wanted.fits, Bench.first_seat if anybody else first_other
    )
    return None if seat is None else seat.agent


def find_conversation(workspace: Workspace, agent: Agent, now: int) -> Conversation | None:
    """Of what he may take now, what is due first."""
    if agent.profile is None or not at_work(agent):
        return None
    own = min(
        (c for c in agent.kept.values() if is_free(agent, c.channel)), key=by_due, default=None
    )
    shared = _first_for_all(workspace, agent, agent.profile, now)
    if own is None or shared is None:
        return own or shared
    return min(own, shared, key=by_due)


def _first_for_all(
    workspace: Workspace, agent: Agent, profile: Profile, now: int
) -> Conversation | None:
    """What is due first of what is not kept for anybody."""
    channels = [channel for channel in profile.benches if is_free(agent, channel)]
    if not channels:
        return None

    def first_of(wanted: SkillClass) -> Place | None:
        if wanted.closed or wanted.channel not in channels:
            return None
        if not agent.shunned:
            return wanted.first_place()
        return wanted.first_but(lambda waits: kept_from(workspace, waits, agent, now))

    own = profile.classes[channels[0]]
    if len(channels) > 1:
        own = [wanted for channel in channels for wanted in profile.classes[channel]]
    place = workspace.front.earliest(own, profile.numbers, first_of)
    return None if place is None else place.conversation
