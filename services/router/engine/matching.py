"""Finding who takes what.

The invariant that makes this cheap: after every decision no available agent with room is left
beside a waiting conversation that he could take. So only what a decision itself set free has to be
looked at: a conversation that began to wait looks for an agent, an agent who got room looks for a
conversation.
"""

from services.router.engine.capacity import at_work, is_free
from services.router.engine.index import take_seats
from services.router.engine.keeping import keeper
from services.router.engine.ordering import by_due
from services.router.engine.overflow import spares
from services.router.engine.picking import Bench, Seat
from services.router.engine.scores import BATCH, KEPT
from services.router.engine.shunning import kept_from
from services.router.engine.skills import Place, Profile, SkillClass
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
    """Of those who may take it now, the one whom its queue asks first. `skip` is not considered."""
    if conversation.kept_for is not None:
        agent = keeper(workspace, conversation)
        return agent if agent is not skip and _may_have(agent, conversation) else None
    wanted = conversation.skill_class
    assert wanted is not None
    if wanted.closed:
        return None
    if workspace.standing:
        take_seats(workspace)

    def first_other(bench: Bench) -> Seat | None:
        return bench.first_but(
            lambda agent: (
                agent is skip
                or _asked(conversation, agent)
                or kept_from(workspace, conversation, agent, now)
            )
        )

    anybody = skip is None and not conversation.shunned and not conversation.offers
    first = Bench.first_seat if anybody else first_other
    for tier in wanted.tiers:
        if tier.donor is None or spares(workspace, tier.donor, now):
            seat = wanted.kind.front.earliest(tier.benches, tier.fits, first)
            if seat is not None:
                return seat.agent
    return None


def find_conversation(workspace: Workspace, agent: Agent, now: int) -> Conversation | None:
    """Of what he may take now, what has its turn first."""
    if agent.profile is None or not at_work(agent):
        return None
    shared = _first_for_all(workspace, agent, agent.profile, now)
    if not agent.kept:
        return shared
    own = find_kept(agent)
    if own is None or shared is None:
        return own or shared
    return min(own, shared, key=by_due)


def find_kept(agent: Agent) -> Conversation | None:
    """Of what is kept for him and he may take now, what has its turn first."""
    return min((c for c in agent.kept.values() if _may_have(agent, c)), key=by_due, default=None)


def cost(workspace: Workspace, conversation: Conversation, agent: Agent) -> tuple[int, ...] | None:
    """How little this agent suits this conversation; of those who may take it, the lowest is asked.

    None for who could never take it. Whether he may take it now is another question.
    """
    wanted, profile = conversation.skill_class, agent.profile
    if wanted is None or profile is None:
        return None
    for tier in wanted.tiers:
        if profile.number in tier.fits:
            return (*tier.score, *wanted.kind.key(agent))
    return None


def why_him(
    workspace: Workspace, conversation: Conversation, agent: Agent
) -> tuple[str, tuple[int, ...]]:
    """How he was chosen, and by which tuple: for the record of the offer."""
    if conversation.kept_for is not None:
        return KEPT, ()
    wanted = conversation.skill_class
    by: str = "" if wanted is None else wanted.kind.pick
    if workspace.rules.batch_ms:
        by = BATCH
    return by, cost(workspace, conversation, agent) or ()


def _asked(conversation: Conversation, agent: Agent) -> bool:
    """Is it on offer to him already?"""
    return any(offer.agent is agent for offer in conversation.offers or ())


def _may_have(agent: Agent | None, conversation: Conversation) -> bool:
    """May he be offered what is kept for him?"""
    return (
        agent is not None
        and agent.rules is not None
        and is_free(agent, conversation.channel, conversation.units)
    )


def _first_for_all(
    workspace: Workspace, agent: Agent, profile: Profile, now: int
) -> Conversation | None:
    """What has its turn first of what is not kept for anybody."""
    kinds = [kind for kind in profile.benches if is_free(agent, kind.channel, kind.units)]
    if not kinds:
        return None
    helps = profile.helps

    def first_of(wanted: SkillClass) -> Place | None:
        if wanted.closed or wanted.kind not in kinds:
            return None
        if helps and _held_back(workspace, helps.get(wanted.number), now):
            return None
        if not agent.shunned:
            return wanted.first_place()
        return wanted.first_but(lambda waits: kept_from(workspace, waits, agent, now))

    for one in profile.ranges:
        place = workspace.front.earliest(one.among(kinds), one.numbers, first_of)
        if place is not None:
            return place.conversation
    return None


def _held_back(workspace: Workspace, donor: str | None, now: int) -> bool:
    return donor is not None and not spares(workspace, donor, now)
