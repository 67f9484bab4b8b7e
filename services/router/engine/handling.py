"""What agents do with the conversations they hold: close them."""

from services.router.engine import closing
from services.router.engine.acting import UNKNOWN, problem_of
from services.router.engine.threads import latest
from services.router.engine.turn import Turn
from services.router.engine.wrap_up import problem_at_close
from shared.clock import milliseconds
from shared.events.commands import Close, NoteDelivery
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
    wrong = problem_at_close(turn, found, command.code, command.wrap_up)
    if wrong is not None:
        return turn.refuse(wrong)
    return closing.close(turn, found, command.actor, command.code, command.wrap_up)


def note_delivery(turn: Turn, command: NoteDelivery) -> None:
    """The first reply that reached the provider answers the customer."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None or found.responded or command.outcome != "accepted":
        return turn.unchanged()
    return turn.emit(Responded(found.id, min(milliseconds(command.occurred_at), turn.now)))
