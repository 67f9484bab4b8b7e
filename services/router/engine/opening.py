"""How a conversation begins, and how later actions join it."""

from services.router.engine import wrap_up
from services.router.engine.attributes import MOST_CHARACTERS, news, of_alert
from services.router.engine.placing import place_one, reroute
from services.router.engine.state import Attributes, Conversation
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.inbound import CustomerEvent
from shared.events.routing import AlertForgotten, Attached, Enriched, Opened, Reopened
from shared.ids import derived_id


def attach(turn: Turn, event: CustomerEvent, conversation: Conversation) -> None:
    """One more of the customer's actions in his conversation."""
    key = event.conversation_key
    other = None if key == conversation.key else key
    turn.emit(Attached(conversation.id, event.id, event.action.kind, turn.now, other))


def enrich(turn: Turn, conversation: Conversation, attributes: Attributes) -> None:
    """Note what of this is not known of the conversation yet; it may belong elsewhere by that."""
    learned = news(conversation.attributes, attributes)
    if learned:
        turn.emit(Enriched(conversation.id, learned))
        if reroute(turn, conversation):
            place_one(turn, conversation)


def begin(turn: Turn, event: CustomerEvent, attributes: dict[str, str]) -> Conversation:
    """Reopen the customer's last conversation if its window allows, else open a new one.

    It carries what he was told, if that was noted. It does not wait yet.
    """
    thread = turn.workspace.threads.get(event.conversation_key)
    if thread is None:
        conversation = _open(turn, event, attributes)
        attach(turn, event, conversation)
        return conversation
    alert = thread.alert
    told = {} if alert is None or alert.until <= turn.now else of_alert(alert)
    found = {**attributes, **told}
    last = thread.last
    if last is None or turn.now >= last.reopens_until:
        conversation = _open(turn, event, found)
    else:
        conversation = _reopen(turn, event, last)
        enrich(turn, conversation, found)
    attach(turn, event, conversation)
    if told:
        turn.emit(AlertForgotten(event.conversation_key))
    return conversation


def _reopen(turn: Turn, event: CustomerEvent, last: Conversation) -> Conversation:
    if wrap_up.wraps_up(last):
        wrap_up.finish(turn, last, last.wrap_up_code)
    turn.emit(Reopened(last.id, _arrival(turn, event)))
    return last


def _open(turn: Turn, event: CustomerEvent, attributes: dict[str, str]) -> Conversation:
    sender = event.action.sender
    conversation = derived_id("cnv", event.workspace, event.conversation_key, turn.cause)
    turn.emit(
        Opened(
            conversation=conversation,
            key=event.conversation_key,
            channel=event.channel,
            account=event.account,
            address=sender.address,
            customer=(sender.name or "")[:MOST_CHARACTERS],
            attributes=attributes,
            at=_arrival(turn, event),
        )
    )
    return turn.workspace.conversations[conversation]


def _arrival(turn: Turn, event: CustomerEvent) -> int:
    """When we received it, also if that was long before we could decide on it."""
    return min(milliseconds(event.received_at), turn.now)
