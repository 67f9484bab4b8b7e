"""Where a conversation waits, and who is asked to take it."""

from collections.abc import Iterable, Sequence

from services.router.engine.demand import demand_of
from services.router.engine.dialling import dial, dials_first
from services.router.engine.firsts import first_asked, overloaded
from services.router.engine.keeping import Keep, keep_for, kept_by
from services.router.engine.matching import (
    crowded,
    find_agent,
    find_conversation,
    find_kept,
    why_him,
)
from services.router.engine.ordering import by_due
from services.router.engine.places import next_at, place_of, turn_at, watched
from services.router.engine.routes import Placement
from services.router.engine.state import Agent, Conversation
from services.router.engine.stepping import next_step, triggered
from services.router.engine.turn import Turn
from services.router.engine.versions import on_trial, routing_for, version_for
from shared.events.routing import (
    Assigned,
    BatchBegun,
    Offered,
    OfferEnded,
    Queued,
    QueuedFor,
    Stepped,
    StepWhy,
)
from shared.ids import derived_id

_MOST_STEPS = 64
_SEVERAL = 2


def queue(
    turn: Turn,
    conversation: Conversation,
    place: Placement,
    why: QueuedFor,
    keep: Keep | None = None,
) -> None:
    """It waits in this place; its age counts from its arrival, however often it is moved.

    With `keep` it waits for one agent alone, for a while.
    """
    level, due = turn_at(turn, conversation, place)
    upcoming = place.next
    turn.emit(
        Queued(
            conversation=conversation.id,
            queue=place.queue,
            priority=place.priority,
            requires=place.requires,
            due=due,
            at=turn.now,
            why=why,
            route=place.route,
            rules=version_for(turn.workspace, conversation),
            trial=on_trial(turn.workspace, conversation.key) or None,
            kept_for=None if keep is None else keep.agent,
            kept_until=None if keep is None else keep.until,
            asked=place.asked,
            level=level,
            step=place.step,
            preferred=place.preferred,
            also=place.also,
            units=place.units,
            watched=watched(place),
            step_at=0 if upcoming is None else next_at(turn, conversation, place, why),
        )
    )
    if upcoming is not None and keep is None:
        _step_if_due(turn, conversation)


def step_on(turn: Turn, conversation: Conversation, why: StepWhy) -> bool:
    """The next step of its route comes. False if there is none. Whoever calls this places it."""
    step, route = next_step(turn.workspace, conversation), conversation.route
    if step is None or route is None:
        return False
    promise = kept_by(conversation)
    turn.emit(Stepped(conversation.id, route, conversation.step + 1, why, turn.now))
    queue(turn, conversation, place_of(turn, conversation), "stepped", promise)
    return True


def give_up(turn: Turn, conversation: Conversation, target: str) -> None:
    """Nobody took it, however many were asked: it goes where somebody sees to that."""
    place = routing_for(turn.workspace, conversation).place_in(
        target, conversation.channel, conversation.attributes, conversation.priority
    )
    queue(turn, conversation, place, "unanswered")


def requeue(
    turn: Turn,
    conversation: Conversation,
    why: QueuedFor = "requeued",
    keep: Keep | None = None,
) -> None:
    """It waits again, where its attributes and the rules put it now; for one agent alone if it is
    kept for him."""
    queue(turn, conversation, place_of(turn, conversation), why, keep)


def reroute(turn: Turn, conversation: Conversation) -> bool:
    """Move what waits if its attributes and the rules now say another place. Did it move?"""
    wanted = conversation.skill_class
    if conversation.status != "waiting" or wanted is None:
        return False
    place = place_of(turn, conversation)
    stays = (
        place.priority == conversation.priority
        and place.route == conversation.route
        and place.step == conversation.step
        and (wanted.demand.watch is not None) == watched(place)
        and next_at(turn, conversation, place, "requeued") == conversation.step_at
        and demand_of(place, conversation.channel) == wanted.demand[:-1]
        and turn_at(turn, conversation, place) == (conversation.level, conversation.due)
    )
    if not stays:
        queue(turn, conversation, place, "requeued", kept_by(conversation))
        return True
    if not watched(place) or conversation.kept_for is not None:
        return False  # other steps come by their timers
    return _step_if_due(turn, conversation)


def _step_if_due(turn: Turn, conversation: Conversation) -> bool:
    """A step that need not wait for its time comes at once. Did one come?"""
    reason = triggered(turn.workspace, conversation, turn.now)
    return reason is not None and step_on(turn, conversation, reason)


def pass_on(turn: Turn, conversation: Conversation) -> None:
    """It is not kept for anybody any more: whoever may take it is asked."""
    requeue(turn, conversation, "passed_on")


def pass_all_on(turn: Turn, agent: Agent) -> list[Conversation]:
    """Nothing is kept for him any more. Whoever calls this has it placed."""
    kept = sorted(agent.kept.values(), key=by_due)
    for conversation in kept:
        pass_on(turn, conversation)
    return kept


def keep_over(turn: Turn, conversation: str, at: int) -> None:
    """The time it was kept for one agent is over; a later one is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and found.kept_for is not None and found.kept_until <= at:
        pass_on(turn, found)
        place_one(turn, found)


def arrive(turn: Turn, conversation: Conversation, keep: Keep | None = None) -> None:
    """A new or reopened conversation finds its queue, and an agent if one is free."""
    why: QueuedFor = "new" if conversation.skill_class is None else "reopened"
    if why == "reopened" and keep is None:
        seconds = turn.workspace.rules.keep.reopened_seconds
        keep = keep_for(turn.workspace, conversation.last_agent, turn.now, seconds)
    place = routing_for(turn.workspace, conversation).place(
        conversation.channel, conversation.attributes
    )
    keep = keep or first_asked(turn.workspace, conversation, place, turn.now)
    queue(turn, conversation, place, why, keep)
    if keep is not None or not crowded(conversation):
        place_one(turn, conversation)


def place_all(turn: Turn, conversations: Iterable[Conversation]) -> None:
    """Each finds an agent if there is one, what is due first before the rest."""
    for conversation in sorted(conversations, key=by_due):
        place_one(turn, conversation)


def place_one(turn: Turn, conversation: Conversation, skip: Agent | None = None) -> None:
    """Offer it to whom its queue asks first of those who may take it, except `skip`. Where the
    queue asks several at once, to as many of them.
    """
    if conversation.status != "waiting":
        return
    agent = _find_another(turn, conversation, skip)
    if agent is None:
        return
    alone = conversation.kept_for is not None
    if turn.workspace.rules.batch_ms and not alone:
        _gather(turn)
        return
    offer(turn, conversation, agent)
    agents = 1 if alone else turn.workspace.settings(conversation).offer.agents
    while 0 < len(conversation.offers or ()) < agents:
        agent = find_agent(turn.workspace, conversation, turn.now, skip)
        if agent is None:
            return
        offer(turn, conversation, agent)


def fill(turn: Turn, agent: Agent) -> None:
    """Offer him what is due first, while he has room and something waits for him.

    One offer can bring a queue back to its target, so that others may help out, too, from then on:
    where queues help each other, it goes to whom it suits best.
    """
    if turn.workspace.rules.batch_ms:
        _fill_in_batch(turn, agent)
    elif turn.workspace.donors:
        _share_out(turn, [agent])
    else:
        while (conversation := find_conversation(turn.workspace, agent, turn.now)) is not None:
            offer(turn, conversation, agent)


def _fill_in_batch(turn: Turn, agent: Agent) -> None:
    """What is kept for him at once; the rest when all is matched."""
    while (kept := find_kept(agent)) is not None:
        offer(turn, kept, agent)
    if find_conversation(turn.workspace, agent, turn.now) is not None:
        _gather(turn)


def _gather(turn: Turn) -> None:
    """Match in a moment, with what comes until then."""
    if not turn.workspace.batch_until:
        turn.emit(BatchBegun(turn.now + turn.workspace.rules.batch_ms, turn.now))


def fill_all(turn: Turn, agents: Sequence[Agent], *, others: bool = False) -> None:
    """Several got room at once. `others`: somebody else may be there for what waits now, too."""
    if not turn.workspace.rules.batch_ms and (others or len(agents) >= _SEVERAL):
        _share_out(turn, agents)
        return
    for agent in agents:
        fill(turn, agent)


def _share_out(turn: Turn, agents: Sequence[Agent]) -> None:
    """What has its turn first for one of them goes to whom it suits best, so long as anybody takes
    anything."""
    left = {agent.name: agent for agent in agents}
    while left:
        agent = min(left.values(), key=lambda one: one.rank)
        found = find_conversation(turn.workspace, agent, turn.now)
        if found is None:
            del left[agent.name]
        else:
            taker, found = agree(turn, agent, found)
            offer(turn, found, taker)


def offer(turn: Turn, conversation: Conversation, agent: Agent) -> None:
    """Ask him; from here on his capacity is taken. Where the queue says so, he has it at once."""
    if dials_first(turn, conversation):
        dial(turn, conversation, agent)
        return
    settings = turn.workspace.settings(conversation)
    forced = settings.offer.accept == "automatic"
    identity = derived_id("off", turn.cause, conversation.id, str(conversation.tries))
    seconds = 0.0 if forced else settings.offer_seconds
    expires_at = turn.now + round(seconds * 1000)
    chosen, score = why_him(turn.workspace, conversation, agent)
    turn.emit(Offered(conversation.id, identity, agent.name, turn.now, expires_at, chosen, score))
    if forced:
        turn.emit(OfferEnded(conversation.id, identity, agent.name, "accepted", turn.now))
        turn.emit(Assigned(conversation.id, agent.name, turn.now))
    if agent.kept:
        for other in overloaded(turn.workspace, agent):
            pass_on(turn, other)
            place_one(turn, other)


def _find_another(turn: Turn, conversation: Conversation, skip: Agent | None) -> Agent | None:
    """Not who was asked last, while another one can take it."""
    last = turn.workspace.agents.get(conversation.last_asked or "")
    if skip is None and last is not None:
        found = find_agent(turn.workspace, conversation, turn.now, last)
        if found is not None:
            return found
    return find_agent(turn.workspace, conversation, turn.now, skip)


def agree(turn: Turn, agent: Agent, conversation: Conversation) -> tuple[Agent, Conversation]:
    """Whoever suits it best, and what has its turn first for him, until both say so: for when many
    are free beside much that waits. What waits gets earlier with every step, so this ends."""
    for _ in range(_MOST_STEPS):
        best = _find_another(turn, conversation, None)
        if best is None or best is agent:
            break
        agent = best
        first = find_conversation(turn.workspace, agent, turn.now)
        if first is None or first is conversation:
            break
        conversation = first
    return agent, conversation
