"""The life of an offer: made, accepted, declined, expired, taken back.

An offer is valid until the record says that it ended. So an accept that comes too late, twice or
from two agents at once is decided by the order of the record alone.
"""

from collections.abc import Iterable

from services.router.engine.capacity import at_work
from services.router.engine.ordering import by_due
from services.router.engine.placing import fill, pass_all_on, place_all, place_one, requeue
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from shared.events.commands import AcceptOffer, DeclineOffer
from shared.events.routing import (
    Assigned,
    OfferEnd,
    OfferEnded,
    PresenceChanged,
    Refused,
)

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
    if agent.missed + 1 < turn.workspace.rules.missed_offers or not at_work(agent):
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
    returned += pass_all_on(turn, agent)
    place_all(turn, [*returned, *_deserted(turn, agent)])


def stopped(turn: Turn, agent: Agent) -> None:
    """The agent takes nothing new: whoever declined what only he was there for gets it again."""
    place_all(turn, [*pass_all_on(turn, agent), *_deserted(turn, agent)])


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


def _redirect(turn: Turn, conversation: Conversation, how: OfferEnd, reason: str | None) -> None:
    """Others first; only then may it come back to him, and only if nobody else is there for it."""
    agent = conversation.agent
    assert agent is not None
    end_offer(turn, conversation, how, reason)
    requeue(turn, conversation)
    place_one(turn, conversation, skip=agent)
    fill(turn, agent)


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
