"""What happens on the phone, as seen from the queue.

Attributes tell the rest of Patchbay where a call stands: `call` (the provider's id of the latest
one), `call_state`, `menu` (the branch taken). `owed` is `true` from a voicemail or a callback
request until agent and customer talk: so long, hanging up does not end the conversation. `callback`
is `true` while a call is owed and none is live: whoever accepts calls the customer. `wish` is
`callback` or `voicemail`: somebody hears a message first, before its customer is called.
"""

from services.router.engine.attributes import of_event
from services.router.engine.callbacks import answered
from services.router.engine.closing import close
from services.router.engine.opening import attach, begin, enrich
from services.router.engine.snooze import customer_wakes
from services.router.engine.state import Attributes, Conversation
from services.router.engine.turn import Turn
from services.router.engine.waits import receive
from shared.events.inbound import Call, CustomerEvent

_OWED = frozenset({"voicemail", "callback_requested"})
_QUEUES = frozenset({"queued"}) | _OWED
_OPENS = frozenset({"started", "menu"}) | _QUEUES


def take_call(turn: Turn, event: CustomerEvent, current: Conversation | None) -> None:
    """Decide on one change of a call; `current` is the caller's open conversation."""
    call = event.action.call
    if call is not None and call.state == "ended":
        _ended(turn, event, call, current)
    elif current is not None:
        attach(turn, event, current)
        enrich(turn, current, of_event(event) | _of_call(call, current.attributes))
        customer_wakes(turn, event, current)
        answered(turn, call, current)
        _wait(turn, call, current)
    elif call is not None and call.state in _OPENS:
        _wait(turn, call, begin(turn, event, of_event(event) | _of_call(call, {})))


def _wait(turn: Turn, call: Call | None, conversation: Conversation) -> None:
    if call is not None and call.state in _QUEUES and conversation.status == "open":
        receive(turn, conversation)


def _ended(turn: Turn, event: CustomerEvent, call: Call, conversation: Conversation | None) -> None:
    """Hanging up ends the conversation, unless we owe a call or an older call is meant."""
    if conversation is None:
        return
    attach(turn, event, conversation)
    known = conversation.attributes
    if known.get("call", call.id) != call.id:
        return
    talked = conversation.status == "held" and known.get("call_state") == "bridged"
    enrich(turn, conversation, _of_call(call, known))
    if talked or known.get("owed") != "true":
        close(turn, conversation, "customer", "ended" if talked else "abandoned")


def _of_call(call: Call | None, known: Attributes) -> dict[str, str]:
    if call is None:
        return {}
    found = {"call": call.id, "call_state": call.state}
    if call.choice is not None:
        found["menu"] = call.choice
    if call.state in _OWED:
        found["owed"] = "true"
        found["wish"] = "voicemail" if call.state == "voicemail" else "callback"
    elif call.state == "bridged":
        found["owed"] = "false"
    if (owed := found.get("owed", known.get("owed"))) is not None:
        live = call.state not in _OWED and call.state != "ended"
        found["callback"] = "false" if live else owed
    return found
