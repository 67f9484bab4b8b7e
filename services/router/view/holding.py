"""Who is asked to take a conversation, who holds it, how that ends. Pure folds of single events."""

from services.router.view import consults, outlook, waiting
from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import KEPT, Conversation, Holding, Offer, Reference, Why, Work

_OFFER_MEMORY_MS = 86_400_000


def offered(now: Moment, event: was.Offered) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.state = "offered"
        conversation.kept_for = conversation.kept_until = None
        why = _why(conversation, event)
        conversation.offers.append(
            Offer(
                id=event.offer,
                agent=event.agent,
                at=event.at,
                expires_at=event.expires_at,
                queue=conversation.queue,
                waited_since=conversation.waiting_since,
                why=why,
            )
        )
        del conversation.offers[:-KEPT]
        waiting.offer(now.sheet, conversation, event.at)
        now.keep(conversation)
        now.tell(event.conversation, event.at, "offered", agent=event.agent, why=why)
        now.agent(event.agent).work[event.conversation] = Work(
            conversation=event.conversation,
            channel=conversation.channel,
            units=_units(conversation),
            phase="offered",
            since=event.at,
            offer=event.offer,
            until=event.expires_at,
        )
    now.sheet.put(
        now.sheet.keys.offer(event.offer),
        Reference(conversation=event.conversation),
        event.expires_at + _OFFER_MEMORY_MS,
    )


def _why(conversation: Conversation, event: was.Offered) -> Why:
    placed = conversation.placed or Why()
    return placed.model_copy(update={"chosen": event.chosen, "score": list(event.score)})


def _units(conversation: Conversation) -> int:
    return 1 if conversation.placed is None else conversation.placed.units


def accepting(now: Moment, event: was.Accepting) -> None:
    if conversation := now.conversation(event.conversation):
        for offer in conversation.offers:
            if offer.id == event.offer:
                offer.accepting_at, offer.expires_at = event.at, event.expires_at
        now.keep(conversation)
        now.tell(event.conversation, event.at, "accepting", agent=event.agent)
    work = now.agent(event.agent).work.get(event.conversation)
    if work is not None and work.offer == event.offer:
        work.accepting, work.until = True, event.expires_at


def offer_ended(now: Moment, event: was.OfferEnded) -> None:
    agent = now.agent(event.agent)
    work = agent.work.get(event.conversation)
    if work is not None and work.offer == event.offer:
        del agent.work[event.conversation]
    if conversation := now.conversation(event.conversation):
        for offer in conversation.offers:
            if offer.id == event.offer:
                offer.ended_at, offer.how, offer.reason = event.at, event.how, event.reason
        if conversation.state == "offered" and conversation.open_offer() is None:
            conversation.state = "waiting"
            waiting.withdraw(now.sheet, conversation)
        now.keep(conversation)
        now.tell(
            event.conversation,
            event.at,
            "offer_ended",
            agent=event.agent,
            how=event.how,
            reason=event.reason,
        )


def assigned(now: Moment, event: was.Assigned) -> None:
    if conversation := now.conversation(event.conversation):
        outlook.judge(now, conversation, event.at)
        waiting.end(now.sheet, conversation)
        waiting.answer(now.sheet, conversation, event.at)
        conversation.state, conversation.agent = "held", event.agent
        conversation.assigned_at = conversation.assigned_at or event.at
        conversation.wrap_up_asked, conversation.wrap_up_code = False, None
        conversation.holdings.append(Holding(agent=event.agent, since=now.offset))
        del conversation.holdings[:-KEPT]
        now.keep(conversation)
        now.tell(event.conversation, event.at, "assigned", agent=event.agent)
        now.agent(event.agent).work[event.conversation] = Work(
            conversation=event.conversation,
            channel=conversation.channel,
            units=_units(conversation),
            phase="held",
            since=event.at,
        )


def _let_go(now: Moment, conversation: Conversation) -> None:
    """Whoever holds it holds it no longer, from here on."""
    conversation.snoozed_until = None
    if conversation.agent is not None:
        agent = now.agent(conversation.agent)
        work = agent.work.get(conversation.id)
        if work is not None and work.phase == "held":
            del agent.work[conversation.id]
        conversation.agent = None
    for holding in conversation.holdings:
        if holding.until is None:
            holding.until = now.offset


def released(now: Moment, event: was.Released) -> None:
    if conversation := now.conversation(event.conversation):
        _let_go(now, conversation)
        conversation.state = "open"
        now.keep(conversation)
        now.tell(
            event.conversation,
            event.at,
            "released",
            agent=event.agent,
            reason=event.why,
            note=event.note,
        )


def snoozed(now: Moment, event: was.Snoozed) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.snoozed_until = event.until
        now.keep(conversation)
        now.tell(event.conversation, event.at, "snoozed", agent=event.agent)
    _rests(now, event.agent, event.conversation, rests=True)


def woken(now: Moment, event: was.Woken) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.snoozed_until = None
        now.keep(conversation)
        now.tell(event.conversation, event.at, "woken", agent=event.agent, reason=event.why)
    _rests(now, event.agent, event.conversation, rests=False)


def _rests(now: Moment, agent: str, conversation: str, *, rests: bool) -> None:
    """Paused work weighs less."""
    work = now.agent(agent).work.get(conversation)
    if work is not None:
        work.paused = rests


def closed(now: Moment, event: was.Closed) -> None:
    if conversation := now.conversation(event.conversation):
        waiting.end(now.sheet, conversation)
        _let_go(now, conversation)
        conversation.state = "closed"
        conversation.closed_at, conversation.closed_by = event.at, event.by
        conversation.closed_code = event.code
        if conversation.consult_of is not None:
            consults.answered(now, conversation)
        now.keep(conversation)
        now.sheet.put(
            now.sheet.keys.thread(conversation.key),
            Reference(conversation=conversation.id),
            event.at + now.sheet.keep_ms,
        )
        now.tell(event.conversation, event.at, "closed", how=event.code, reason=event.by)


def wrap_up_started(now: Moment, event: was.WrapUpStarted) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.wrap_up_until, conversation.wrap_up_most = event.until, event.most
        conversation.wrap_up_code, conversation.wraps_up = event.code, True
        now.keep(conversation)
        now.agent(event.agent).work[event.conversation] = Work(
            conversation=event.conversation,
            channel=conversation.channel,
            units=_units(conversation),
            phase="wrap_up",
            since=event.at,
            until=event.until,
        )


def wrap_up_asked(now: Moment, event: was.WrapUpAsked) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.wrap_up_asked = True
        now.keep(conversation)


def wrap_up_extended(now: Moment, event: was.WrapUpExtended) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.wrap_up_until = event.until
        now.keep(conversation)
    work = now.agent(event.agent).work.get(event.conversation)
    if work is not None and work.phase == "wrap_up":
        work.until = event.until


def wrap_up_coded(now: Moment, event: was.WrapUpCoded) -> None:
    if conversation := now.conversation(event.conversation):
        conversation.wrap_up_code = event.code
        now.keep(conversation)


def wrap_up_ended(now: Moment, event: was.WrapUpEnded) -> None:
    agent = now.agent(event.agent)
    work = agent.work.get(event.conversation)
    if work is not None and work.phase == "wrap_up":
        del agent.work[event.conversation]
    if conversation := now.conversation(event.conversation):
        conversation.wrap_up_until = conversation.wrap_up_most = None
        conversation.wrap_up_code = event.code or conversation.wrap_up_code
        conversation.wraps_up = False
        now.keep(conversation)


def presence_changed(now: Moment, event: was.PresenceChanged) -> None:
    agent = now.agent(event.agent)
    agent.state, agent.reason = event.state, event.reason
    agent.session, agent.since = event.session, event.at
    agent.channels, agent.keeps_until = list(event.channels), event.until
    agent.lost = event.lost
