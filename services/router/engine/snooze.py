"""A conversation sleeps with its agent until a time, or until the customer writes.

It stays his and weighs less meanwhile. Waking, it is his again at once if he is there and has room
for it; else it is kept for him for a while, and then goes to whoever can take it.
"""

from services.router.engine.acting import NOBODY, UNKNOWN, problem_of
from services.router.engine.capacity import may_wake
from services.router.engine.keeping import keep_for
from services.router.engine.placing import fill, place_one, requeue
from services.router.engine.presence import is_gone
from services.router.engine.state import Conversation
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.commands import Snooze, Wake
from shared.events.inbound import CustomerEvent
from shared.events.routing import Refused, Released, Snoozed, Woken, WokenBy

LONGEST_MS = 90 * 86_400_000

_PAST = Refused("invalid", "This time has passed.")
_TOO_LONG = Refused("invalid", "Nothing may be snoozed for more than 90 days.")
_LIVE = Refused("conflict", "A live call cannot be snoozed.")
_NO_ROOM = Refused("conflict", "There is no room for it: be done with something else first.")
_QUESTION = Refused("conflict", "A colleague waits for the answer to this.")
_CALLS = frozenset({"started", "menu", "queued", "bridged"})
_WAKING = frozenset({"message", "postback", "comment", "call"})


def snooze(turn: Turn, command: Snooze) -> None:
    """It sleeps until then; said again with another time, until that."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if found.status != "held" or found.agent is None:
        return turn.refuse(NOBODY)
    if found.consult_of is not None:
        return turn.refuse(_QUESTION)
    until = milliseconds(command.until)
    if until <= turn.now:
        return turn.refuse(_PAST)
    if until > turn.now + LONGEST_MS:
        return turn.refuse(_TOO_LONG)
    if found.attributes.get("call_state") in _CALLS:
        return turn.refuse(_LIVE)
    if found.snoozed_until == until:
        return turn.unchanged()
    turn.emit(Snoozed(found.id, found.agent.name, until, turn.now))
    return fill(turn, found.agent)


def wake(turn: Turn, command: Wake) -> None:
    """The agent goes on with it."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if not found.snoozed_until or found.agent is None:
        return turn.unchanged()
    if not may_wake(found.agent, found):
        return turn.refuse(_NO_ROOM)
    return _wake(turn, found, "agent")


def wake_in_time(turn: Turn, conversation: str, at: int) -> None:
    """Its time has come; a later snooze is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is not None and 0 < found.snoozed_until <= at:
        _wake(turn, found, "time")


def customer_wakes(turn: Turn, event: CustomerEvent, conversation: Conversation) -> None:
    """What he says on purpose wakes his conversation, if it sleeps."""
    said = event.action.kind in _WAKING and not event.action.automatic
    if said and conversation.snoozed_until:
        _wake(turn, conversation, "customer")


def _wake(turn: Turn, conversation: Conversation, why: WokenBy) -> None:
    agent = conversation.agent
    assert agent is not None
    away = is_gone(turn, agent) if why == "agent" else agent.state in ("away", "offline")
    if not away and may_wake(agent, conversation):
        turn.emit(Woken(conversation.id, agent.name, why, turn.now))
        return fill(turn, agent)
    seconds = turn.workspace.rules.keep.woken_seconds
    turn.emit(Released(conversation.id, agent.name, turn.now, "woken"))
    promise = keep_for(turn.workspace, agent.name, turn.now, seconds)
    requeue(turn, conversation, "woken", promise)
    place_one(turn, conversation)
    return fill(turn, agent)
