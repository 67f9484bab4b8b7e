"""What a customer's action means: a new conversation, a reopened one, or more of the open one.

Only what a customer does on purpose and expects an answer to opens a conversation. Auto-replies
and bounces, typing, reactions, edits and consents never do.
"""

from services.router.engine.attributes import of_event
from services.router.engine.blocking import ignored
from services.router.engine.calls import take_call
from services.router.engine.closing import close
from services.router.engine.opening import attach, begin
from services.router.engine.snooze import customer_wakes
from services.router.engine.threads import seen
from services.router.engine.turn import Turn
from services.router.engine.waits import receive
from shared.events.inbound import CustomerEvent

_OPENING = frozenset({"message", "postback", "comment"})


def take_in(turn: Turn, event: CustomerEvent) -> None:
    """Decide on one customer event. One that its thread has seen, and typing, say nothing new."""
    action = event.action
    thread = turn.workspace.threads.get(event.conversation_key)
    if action.kind == "typing" or (thread is not None and seen(thread, event.id)):
        return
    last = None if thread is None else thread.last
    current = None if last is None or last.status == "closed" else last
    if current is None and ignored(turn, event):
        return
    if action.kind == "call":
        own = current is not None and current.channel == event.channel
        take_call(turn, event, current if own else None)
    elif current is not None:
        attach(turn, event, current)
        if action.kind == "close":
            close(turn, current, "customer", "left")
        else:
            customer_wakes(turn, event, current)
    elif action.kind in _OPENING and not action.automatic:
        receive(turn, begin(turn, event, of_event(event)))
