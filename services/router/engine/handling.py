"""What agents do with the conversations they hold: close, end the wrap-up."""

from services.router.engine import closing
from services.router.engine.acting import OTHERS, UNKNOWN, problem_of
from services.router.engine.presence import may_act_for
from services.router.engine.threads import latest
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.commands import Close, EndWrapUp, NoteDelivery
from shared.events.routing import Refused, Responded

_UNREAD = Refused("conflict", "The customer has written again since.")


def close(turn: Turn, command: Close) -> None:
    """End a conversation. Agents end what they hold, supervisors anything; nobody what he has not
    read, where he says how far he has."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is not None and found.status == "closed":
        return turn.unchanged()
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    key = found.spoke or found.key
    if command.seen is not None and not latest(turn.workspace, key, command.seen):
        return turn.refuse(_UNREAD)
    return closing.close(turn, found, command.actor, command.code)


def end_wrap_up(turn: Turn, command: EndWrapUp) -> None:
    """The agent is done with a closed conversation before its time is up."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None:
        return turn.refuse(UNKNOWN)
    if found.status != "closed":
        return turn.refuse(Refused("conflict", "This conversation has not ended."))
    if found.agent is None:
        return turn.unchanged()
    if not may_act_for(turn, command.actor, found.agent.name):
        return turn.refuse(OTHERS)
    return closing.end_wrap_up(turn, found)


def note_delivery(turn: Turn, command: NoteDelivery) -> None:
    """The first reply that reached the provider answers the customer."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None or found.responded or command.outcome != "accepted":
        return turn.unchanged()
    return turn.emit(Responded(found.id, min(milliseconds(command.occurred_at), turn.now)))
