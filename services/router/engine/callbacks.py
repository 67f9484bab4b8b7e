"""Calls that we owe: asked for, tried, tried again, given up. The customer keeps his place.

Agent first: it is offered like anything else, and whoever accepts calls the customer. Customer
first: when it is his turn, an agent is kept free while the customer's phone rings; when he answers,
his call waits for that agent at the head of the queue.
"""

from services.router.engine import closing
from services.router.engine.attributes import bounded
from services.router.engine.dialling import plan
from services.router.engine.keeping import keep_for
from services.router.engine.opening import enrich
from services.router.engine.placing import fill, place_one, requeue
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from services.router.engine.waits import receive
from shared.clock import milliseconds
from shared.events.commands import NoteCall, RequestCallback
from shared.events.inbound import Call
from shared.events.routing import (
    CallbackAsked,
    CallbackMissed,
    DialEnd,
    DialEnded,
    Opened,
    Refused,
    Released,
)
from shared.ids import derived_id

FURTHEST_MS = 90 * 86_400_000

_OWED = {
    "call_state": "callback_requested",
    "owed": "true",
    "callback": "true",
    "wish": "callback",
}
_LIVE = frozenset({"started", "menu", "queued", "bridged"})
_TALKING = Refused("conflict", "This customer is on the line.")
_TOO_FAR = Refused("invalid", "Nobody can be called back in more than 90 days.")
_ON_LINE_SECONDS = 15.0
"""How long a customer who answered waits for the agent who was kept free for him alone."""


def request(turn: Turn, command: RequestCallback) -> None:
    """We owe this customer a call, now or from a time on. One such promise per customer."""
    at = 0 if command.at is None else milliseconds(command.at)
    if at > turn.now + FURTHEST_MS:
        return turn.refuse(_TOO_FAR)
    thread = turn.workspace.threads.get(command.conversation_key)
    last = None if thread is None else thread.last
    if last is None or last.status == "closed" or last.key != command.conversation_key:
        return _ask(turn, command, _open(turn, command), at)
    if last.attributes.get("owed") == "true":
        return turn.unchanged()
    if last.attributes.get("call_state") in _LIVE:
        return turn.refuse(_TALKING)
    enrich(turn, last, {**bounded(command.attributes), **_OWED})
    return _ask(turn, command, last, at)


def note_call(turn: Turn, command: NoteCall) -> None:
    """A call of ours was not answered, by the agent or by the customer."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None or found.attributes.get("callback") != "true":
        return turn.unchanged()
    if found.status == "dialling" and command.dial == found.dial:
        return _missed(turn, found)
    agent = found.agent
    if found.status != "held" or agent is None or agent.name != command.agent:
        return turn.unchanged()
    if command.leg == "customer":
        return _missed(turn, found)
    turn.emit(Released(found.id, agent.name, turn.now, "unanswered"))
    requeue(turn, found, "requeued")
    place_one(turn, found, skip=agent)
    return fill(turn, agent)


def rang_out(turn: Turn, conversation: str, at: int) -> None:
    """His phone has rung for as long as it may; a later attempt is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and found.status == "dialling" and found.callback_at <= at:
        _missed(turn, found)


def due(turn: Turn, conversation: str, at: int) -> None:
    """It is time to try again; whatever else has happened to it since counts more."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and found.status == "open" and 0 < found.callback_at <= at:
        requeue(turn, found, "callback")
        place_one(turn, found)


def answered(turn: Turn, call: Call | None, conversation: Conversation) -> None:
    """The customer we called is on the line: he waits for the agent who was kept free for him."""
    if call is None or call.state != "queued" or conversation.status != "dialling":
        return
    agent = _ended(turn, conversation, "answered")
    promise = keep_for(turn.workspace, agent.name, turn.now, _ON_LINE_SECONDS)
    requeue(turn, conversation, "callback", promise)
    place_one(turn, conversation)
    fill(turn, agent)


def _missed(turn: Turn, found: Conversation) -> None:
    """One attempt more; the last one ends it."""
    rules = plan(turn, found)
    attempt = found.missed_calls + 1
    over = attempt >= rules.attempts
    retry_at = None if over else turn.now + round(rules.gap_seconds * 1000)
    agent = found.agent
    assert agent is not None
    if found.status == "dialling":
        _ended(turn, found, "missed")
    else:
        turn.emit(Released(found.id, agent.name, turn.now, "unreached"))
    turn.emit(CallbackMissed(found.id, attempt, turn.now, retry_at))
    if over:
        closing.end(turn, found, "system", "unreachable")
    fill(turn, agent)


def _ended(turn: Turn, conversation: Conversation, how: DialEnd) -> Agent:
    agent = conversation.agent
    assert agent is not None
    turn.emit(DialEnded(conversation.id, agent.name, how, turn.now))
    return agent


def _ask(turn: Turn, command: RequestCallback, conversation: Conversation, at: int) -> None:
    later = at if at > turn.now and conversation.status == "open" else None
    turn.emit(CallbackAsked(conversation.id, command.actor, turn.now, later))
    if later is None and conversation.status == "open":
        receive(turn, conversation)


def _open(turn: Turn, command: RequestCallback) -> Conversation:
    conversation = derived_id("cnv", command.workspace, command.conversation_key, turn.cause)
    known = {"channel": command.channel, "account": command.account, **_OWED}
    turn.emit(
        Opened(
            conversation=conversation,
            key=command.conversation_key,
            channel=command.channel,
            account=command.account,
            address=command.address,
            customer=command.customer,
            attributes={**bounded(command.attributes), **known},
            at=turn.now,
        )
    )
    return turn.workspace.conversations[conversation]
