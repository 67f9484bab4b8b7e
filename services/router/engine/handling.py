"""What agents do with the conversations they hold: transfer, close, end the wrap-up."""

from services.router.engine import closing
from services.router.engine.placing import fill, place_one, queue
from services.router.engine.presence import is_supervisor, may_act_for
from services.router.engine.state import Conversation
from services.router.engine.threads import latest
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.commands import Close, EndWrapUp, NoteDelivery, Transfer
from shared.events.routing import Refused, Released, Responded

_UNKNOWN = Refused("not_found", "No such conversation.")
_ENDED = Refused("gone", "This conversation has ended.")
_NOBODY = Refused("conflict", "Nobody holds this conversation.")
_OTHERS = Refused("forbidden", "Another agent holds this conversation.")
_NO_QUEUE = Refused("invalid", "No such queue.")
_UNREAD = Refused("conflict", "The customer has written again since.")


def transfer(turn: Turn, command: Transfer) -> None:
    """Back into a queue that a person chose. It keeps its age; he who gave it away comes last."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = _problem(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or _UNKNOWN)
    if found.status != "held" or found.agent is None:
        return turn.refuse(_NOBODY)
    if command.queue not in turn.workspace.rules.queues:
        return turn.refuse(_NO_QUEUE)
    agent = found.agent
    place = turn.workspace.routing.place_in(
        command.queue, found.channel, found.attributes, found.priority
    )
    turn.emit(Released(found.id, agent.name, turn.now, "transferred"))
    queue(turn, found, place, "transferred")
    place_one(turn, found, skip=agent)
    return fill(turn, agent)


def close(turn: Turn, command: Close) -> None:
    """End a conversation. Agents end what they hold, supervisors anything; nobody what he has not
    read, where he says how far he has."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is not None and found.status == "closed":
        return turn.unchanged()
    problem = _problem(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or _UNKNOWN)
    if command.seen is not None and not latest(turn.workspace, found.key, command.seen):
        return turn.refuse(_UNREAD)
    return closing.close(turn, found, command.actor, command.code)


def end_wrap_up(turn: Turn, command: EndWrapUp) -> None:
    """The agent is done with a closed conversation before its time is up."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None:
        return turn.refuse(_UNKNOWN)
    if found.status != "closed":
        return turn.refuse(Refused("conflict", "This conversation has not ended."))
    if found.agent is None:
        return turn.unchanged()
    if not may_act_for(turn, command.actor, found.agent.name):
        return turn.refuse(_OTHERS)
    return closing.end_wrap_up(turn, found)


def note_delivery(turn: Turn, command: NoteDelivery) -> None:
    """The first reply that reached the provider answers the customer."""
    found = turn.workspace.conversations.get(command.conversation)
    if found is None or found.responded or command.outcome != "accepted":
        return turn.unchanged()
    return turn.emit(Responded(found.id, min(milliseconds(command.occurred_at), turn.now)))


def _problem(turn: Turn, actor: str, found: Conversation | None) -> Refused | None:
    """Why this actor may not do anything with this conversation; None if he may."""
    if found is None:
        return _UNKNOWN
    if found.status == "closed":
        return _ENDED
    held = found.status == "held" and found.agent is not None
    if held and found.agent is not None and found.agent.name == actor:
        return None
    if is_supervisor(turn, actor):
        return None
    return _OTHERS if held else _NOBODY
