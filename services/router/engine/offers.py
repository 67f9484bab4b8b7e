"""The life of an offer: made, accepted, declined, expired, taken back.

An offer is valid until the record says that it ended. So an accept that comes too late, twice or
from two agents at once is decided by the order of the record alone.
"""

from collections.abc import Iterable

from services.router.engine.matching import crowded, find_agent, find_conversation
from services.router.engine.ordering import by_due, due_at
from services.router.engine.routes import Placement
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from shared.events.commands import AcceptOffer, DeclineOffer
from shared.events.routing import (
    Assigned,
    Offered,
    OfferEnd,
    OfferEnded,
    PresenceChanged,
    Queued,
    QueuedFor,
    Refused,
)
from shared.ids import derived_id
from shared.rules import Queue

_GONE = Refused("gone", "This offer has ended.")
_TAKEN = Refused("conflict", "Another agent has this conversation.")
_NOT_YOURS = Refused("forbidden", "This offer was made to another agent.")


def accept(turn: Turn, command: AcceptOffer) -> None:
    """The first accept of a pending offer assigns; its repetition changes nothing."""
    conversation = turn.workspace.offers.get(command.offer)
    if conversation is None or conversation.agent is None:
        return turn.refuse(_GONE)
    agent = conversation.agent.name
    if conversation.status == "held":
        return turn.unchanged() if agent == command.actor else turn.refuse(_TAKEN)
    if agent != command.actor:
        return turn.refuse(_NOT_YOURS)
    end_offer(turn, conversation, "accepted")
    return turn.emit(Assigned(conversation.id, agent, turn.now))


def decline(turn: Turn, command: DeclineOffer) -> None:
    """The offer ends, the conversation goes on to somebody else, the agent to something else."""
    conversation = turn.workspace.offers.get(command.offer)
    if conversation is None or conversation.agent is None or conversation.status != "offered":
        return turn.refuse(_GONE)
    if conversation.agent.name != command.actor:
        return turn.refuse(_NOT_YOURS)
    return _redirect(turn, conversation, "declined", command.reason)


def expire(turn: Turn, offer: str) -> None:
    """Nobody answered in time. Whoever misses too many in a row goes away; the work goes on."""
    conversation = turn.workspace.offers.get(offer)
    if conversation is None or conversation.status != "offered":
        return None
    agent = conversation.agent
    assert agent is not None
    if agent.missed + 1 < turn.workspace.rules.missed_offers or agent.state != "available":
        return _redirect(turn, conversation, "expired", None)
    end_offer(turn, conversation, "expired")
    turn.emit(PresenceChanged(agent.name, "away", turn.now, "missed_offers", session=agent.session))
    return left(turn, agent, [conversation])


def left(turn: Turn, agent: Agent, waiting: Iterable[Conversation] = ()) -> None:
    """The agent went: what he was offered goes to others at once, and so does what only he was
    there for instead of those who declined it.
    """
    returned = [*waiting, *take_back(turn, agent)]
    for conversation in returned:
        requeue(turn, conversation)
    place_all(turn, [*returned, *_deserted(turn, agent)])


def stopped(turn: Turn, agent: Agent) -> None:
    """The agent takes nothing new: whoever declined what only he was there for gets it again."""
    place_all(turn, _deserted(turn, agent))


def take_back(turn: Turn, agent: Agent) -> list[Conversation]:
    """Rescind every offer he has not accepted."""
    pending = [c for c in agent.work.values() if c.status == "offered"]
    for conversation in sorted(pending, key=by_due):
        end_offer(turn, conversation, "rescinded")
    return sorted(pending, key=by_due)


def end_offer(
    turn: Turn, conversation: Conversation, how: OfferEnd, reason: str | None = None
) -> None:
    """The pending offer of this conversation ends."""
    agent, offer = conversation.agent, conversation.offer
    assert agent is not None
    assert offer is not None
    turn.emit(OfferEnded(conversation.id, offer, agent.name, how, turn.now, reason))


def requeue(turn: Turn, conversation: Conversation) -> None:
    """It waits again, where its attributes and the rules put it now."""
    queue(turn, conversation, _placement(turn, conversation), "requeued")


def reroute(turn: Turn, conversation: Conversation) -> bool:
    """Move what waits if its attributes and the rules now say another place. Did it move?"""
    wanted = conversation.skill_class
    if conversation.status != "waiting" or wanted is None:
        return False
    place = _placement(turn, conversation)
    stays = (
        place.queue == wanted.queue
        and place.priority == conversation.priority
        and place.route == conversation.route
        and tuple(sorted(place.requires.items())) == wanted.requires
        and due_at(conversation.arrived, place.target_ms) == conversation.due
    )
    if not stays:
        queue(turn, conversation, place, "requeued")
    return not stays


def queue(turn: Turn, conversation: Conversation, place: Placement, why: QueuedFor) -> None:
    """It waits in this place; its age counts from its arrival, however often it is moved."""
    turn.emit(
        Queued(
            conversation=conversation.id,
            queue=place.queue,
            priority=place.priority,
            requires=place.requires,
            due=due_at(conversation.arrived, place.target_ms),
            at=turn.now,
            why=why,
            route=place.route,
        )
    )


def arrive(turn: Turn, conversation: Conversation) -> None:
    """A new or reopened conversation finds its queue, and an agent if one is free."""
    why: QueuedFor = "new" if conversation.skill_class is None else "reopened"
    place = turn.workspace.routing.place(conversation.channel, conversation.attributes)
    queue(turn, conversation, place, why)
    if not crowded(conversation):
        place_one(turn, conversation)


def place_all(turn: Turn, conversations: Iterable[Conversation]) -> None:
    """Each finds an agent if there is one, what is due first before the rest."""
    for conversation in sorted(conversations, key=by_due):
        place_one(turn, conversation)


def place_one(turn: Turn, conversation: Conversation, skip: Agent | None = None) -> None:
    """Offer it to whoever is idle longest of those who may take it, except `skip`."""
    if conversation.status == "waiting":
        agent = find_agent(turn.workspace, conversation, turn.now, skip)
        if agent is not None:
            offer(turn, conversation, agent)


def fill(turn: Turn, agent: Agent) -> None:
    """Offer him what is due first, while he has room and something waits for him."""
    while (conversation := find_conversation(turn.workspace, agent, turn.now)) is not None:
        offer(turn, conversation, agent)


def offer(turn: Turn, conversation: Conversation, agent: Agent) -> None:
    """Ask him; from here on his capacity is taken."""
    settings = turn.workspace.rules.queues.get(conversation.queue) or Queue()
    turn.emit(
        Offered(
            conversation=conversation.id,
            offer=derived_id("off", turn.cause, conversation.id, str(conversation.tries)),
            agent=agent.name,
            at=turn.now,
            expires_at=turn.now + round(settings.offer_seconds * 1000),
        )
    )


def _redirect(turn: Turn, conversation: Conversation, how: OfferEnd, reason: str | None) -> None:
    """Others first; only then may it come back to him, and only if nobody else is there for it."""
    agent = conversation.agent
    assert agent is not None
    end_offer(turn, conversation, how, reason)
    requeue(turn, conversation)
    place_one(turn, conversation, skip=agent)
    fill(turn, agent)


def _placement(turn: Turn, conversation: Conversation) -> Placement:
    """By the routes; in the queue that a person chose, as long as there is one of that name."""
    routing, channel = turn.workspace.routing, conversation.channel
    if conversation.pinned and conversation.queue in turn.workspace.rules.queues:
        return routing.place_in(
            conversation.queue, channel, conversation.attributes, conversation.priority
        )
    return routing.place(channel, conversation.attributes)


def _deserted(turn: Turn, agent: Agent) -> list[Conversation]:
    """What others are kept from, in the classes he could have taken."""
    if agent.profile is None:
        return []
    numbers = agent.profile.numbers
    return [
        conversation
        for conversation in turn.workspace.declined.values()
        if conversation.skill_class is not None and conversation.skill_class.number in numbers
    ]
