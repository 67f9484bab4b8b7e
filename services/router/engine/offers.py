"""The life of an offer: made, being accepted, accepted, declined, expired, taken back.

An offer is valid until the record says that it ended. So an accept that comes too late, twice or
from two agents at once is decided by the order of the record alone. Where several agents are asked
at once the first accept has it, and the others are told.
"""

from collections.abc import Iterable

from services.router.engine.capacity import at_work
from services.router.engine.ordering import by_due
from services.router.engine.placing import (
    fill,
    fill_all,
    give_up,
    pass_all_on,
    place_all,
    place_one,
    requeue,
)
from services.router.engine.state import Agent, Conversation, Offer
from services.router.engine.turn import Turn
from shared.events.commands import AcceptOffer, BeginAccept, DeclineOffer
from shared.events.routing import (
    Accepting,
    Assigned,
    OfferEnd,
    OfferEnded,
    PresenceChanged,
    Refused,
)

TAKEN = "taken"
"""The reason of an offer that ended because another agent was first."""

_GONE = Refused("gone", "This offer has ended.")
_TAKEN = Refused("conflict", "Another agent has this conversation.")
_NOT_YOURS = Refused("forbidden", "This offer was made to another agent.")
_NO_TIME = Refused("conflict", "In this queue an offer is accepted at once or not at all.")


def accept(turn: Turn, command: AcceptOffer) -> None:
    """The first accept of a pending offer assigns; its repetition changes nothing."""
    offer = _answered(turn, command.offer, command.actor)
    if offer is None:
        return
    conversation = offer.conversation
    others = [other for other in conversation.offers or () if other is not offer]
    for other in others:
        end_offer(turn, other, "rescinded", TAKEN)
    end_offer(turn, offer, "accepted")
    turn.emit(Assigned(conversation.id, offer.agent.name, turn.now))
    fill_all(turn, [other.agent for other in others])


def begin(turn: Turn, command: BeginAccept) -> None:
    """He is about to accept: the offer lasts as long as that may take. Saying it again does not
    make it longer.
    """
    offer = _answered(turn, command.offer, command.actor)
    if offer is None:
        return None
    if offer.accepting:
        return turn.unchanged()
    seconds = turn.workspace.settings(offer.conversation).offer.accepting_seconds
    if not seconds:
        return turn.refuse(_NO_TIME)
    until = turn.now + round(seconds * 1000)
    accepting = Accepting(offer.conversation.id, offer.id, offer.agent.name, turn.now, until)
    return turn.emit(accepting)


def decline(turn: Turn, command: DeclineOffer) -> None:
    """The offer ends, the conversation goes on to somebody else, the agent to something else."""
    offer = turn.workspace.offers.get(command.offer)
    if offer is None or offer.conversation.status != "offered":
        return turn.refuse(_GONE)
    if offer.agent.name != command.actor:
        return turn.refuse(_NOT_YOURS)
    seconds = turn.workspace.rules.decline_seconds
    if command.retry_after is not None:
        most = turn.workspace.settings(offer.conversation).offer.retry_seconds
        if not 0 <= command.retry_after <= most:
            return turn.refuse(Refused("invalid", f"retry_after is at most {most:g} seconds here."))
        seconds = command.retry_after
    return _redirect(turn, offer, "declined", command.reason, seconds)


def expire(turn: Turn, name: str, at: int) -> None:
    """Nobody answered in time; a time that was put off is not meant. Whoever misses too many in a
    row goes away; the work goes on."""
    offer = turn.workspace.offers.get(name)
    if offer is None or offer.conversation.status != "offered" or offer.expires_at > at:
        return None
    agent, rules = offer.agent, turn.workspace.rules
    if agent.missed + 1 < rules.missed_offers or not at_work(agent):
        return _redirect(turn, offer, "expired", None, rules.decline_seconds)
    end_offer(turn, offer, "expired", None, rules.decline_seconds)
    turn.emit(PresenceChanged(agent.name, "away", turn.now, "missed_offers", session=agent.session))
    waiting = [] if offer.conversation.offers else [offer.conversation]
    return left(turn, agent, waiting)


def left(turn: Turn, agent: Agent, waiting: Iterable[Conversation] = ()) -> None:
    """The agent went: what he was offered goes to others at once, and so does what only he was
    there for instead of those who declined it.
    """
    returned = [*waiting, *take_back(turn, agent)]
    for conversation in returned:
        _wait_again(turn, conversation)
    returned += pass_all_on(turn, agent)
    place_all(turn, [*returned, *_deserted(turn, agent)])


def stopped(turn: Turn, agent: Agent) -> None:
    """The agent takes nothing new: whoever declined what only he was there for gets it again."""
    place_all(turn, [*pass_all_on(turn, agent), *_deserted(turn, agent)])


def take_back(turn: Turn, agent: Agent) -> list[Conversation]:
    """Rescind every offer he has not accepted; what is on offer to nobody any more."""
    asked = sorted((c for c in agent.work.values() if c.status == "offered"), key=by_due)
    for conversation in asked:
        for offer in tuple(conversation.offers or ()):
            if offer.agent is agent:
                end_offer(turn, offer, "rescinded")
    return [conversation for conversation in asked if not conversation.offers]


def cancel(turn: Turn, conversation: Conversation) -> list[Agent]:
    """Its offers end with it; who was asked."""
    offers = tuple(conversation.offers or ())
    for offer in offers:
        end_offer(turn, offer, "cancelled")
    return [offer.agent for offer in offers]


def end_offer(
    turn: Turn, offer: Offer, how: OfferEnd, reason: str | None = None, seconds: float = 0
) -> None:
    """The offer ends; for so many seconds the agent is kept from what was offered."""
    until = turn.now + round(seconds * 1000) if seconds else None
    conversation, agent = offer.conversation.id, offer.agent.name
    turn.emit(OfferEnded(conversation, offer.id, agent, how, turn.now, reason, until))


def _answered(turn: Turn, name: str, actor: str) -> Offer | None:
    """The pending offer that this agent may answer; else the command is answered here."""
    offer = turn.workspace.offers.get(name)
    if offer is None:
        turn.refuse(_GONE)
        return None
    if offer.conversation.status == "held":
        if offer.agent.name == actor:
            turn.unchanged()
        else:
            turn.refuse(_TAKEN)
        return None
    if offer.agent.name != actor:
        turn.refuse(_NOT_YOURS)
        return None
    return offer


def _redirect(turn: Turn, offer: Offer, how: OfferEnd, reason: str | None, seconds: float) -> None:
    """Others first; only then may it come back to him, and only if nobody else is there for it."""
    conversation = offer.conversation
    end_offer(turn, offer, how, reason, seconds)
    if not conversation.offers:
        _wait_again(turn, conversation)
        place_one(turn, conversation, skip=offer.agent)
    fill(turn, offer.agent)


def _wait_again(turn: Turn, conversation: Conversation) -> None:
    """It waits on, with its age; what too many did not want, where somebody sees to it."""
    settings = turn.workspace.settings(conversation).offer
    target = settings.then_queue
    tried = settings.most_tries is not None and conversation.attempts >= settings.most_tries
    if tried and target is not None and target in turn.workspace.rules.queues:
        give_up(turn, conversation, target)
    else:
        requeue(turn, conversation)


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
