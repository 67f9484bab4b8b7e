"""An agent asks another one about a conversation he holds; the customer stays with him.

The question is a piece of work of its own: it waits, is offered and taken like a conversation, and
takes capacity. It ends when either agent says so, with the conversation, or by handing that over.
"""

from services.router.engine import closing
from services.router.engine.acting import NOBODY, UNKNOWN, problem_of
from services.router.engine.placing import fill_all, place_one, queue
from services.router.engine.presence import is_supervisor
from services.router.engine.state import Conversation, Workspace
from services.router.engine.transfers import place_for, promise_of, warn, wrong_target
from services.router.engine.turn import Turn
from shared.events.commands import Consult, EndConsult
from shared.events.routing import Assigned, Consulted, Refused, Released
from shared.ids import derived_id

_ANOTHER = Refused("conflict", "Another agent is being asked about it already.")
_NOT_ABOUT_THAT = Refused("conflict", "Nobody can be asked about a question.")
_NOT_TAKEN = Refused("conflict", "Nobody has taken the question yet.")
_NOT_YOURS = Refused("forbidden", "Only who holds the conversation can hand it over.")
_OTHERS = Refused("forbidden", "This is between two other agents.")


def consult(turn: Turn, command: Consult) -> None:
    """Ask an agent, a queue or whoever has the skills."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if found.status != "held" or found.agent is None:
        return turn.refuse(NOBODY)
    wrong = _cannot_ask(found) or wrong_target(turn, command, found)
    if wrong is not None:
        return turn.refuse(wrong)
    name = derived_id("cns", command.workspace, found.id, turn.cause)
    turn.emit(Consulted(found.id, name, found.agent.name, turn.now, command.note))
    question = turn.workspace.conversations[name]
    promise = promise_of(turn, command, question)
    queue(turn, question, place_for(turn, command, question, found.queue), "consulted", promise)
    warn(turn, command, question, promise)
    return place_one(turn, question)


def end_consult(turn: Turn, command: EndConsult) -> None:
    """The customer stays where he is, or goes to who was asked."""
    workspace = turn.workspace
    found = workspace.conversations.get(command.conversation)
    if found is None:
        return turn.refuse(UNKNOWN)
    if found.consult_of is not None:
        found = workspace.conversations.get(found.consult_of)
    question = None if found is None else open_question(workspace, found)
    if found is None or question is None:
        return turn.unchanged()
    wrong = _may_not_end(turn, command, found, question)
    if wrong is not None:
        return turn.refuse(wrong)
    if command.hand_over:
        return _hand_over(turn, command.actor, found, question)
    fill_all(turn, closing.end(turn, question, command.actor, "returned"))
    return None


def open_question(workspace: Workspace, conversation: Conversation) -> Conversation | None:
    """What another agent is being asked about this conversation."""
    return workspace.conversations.get(conversation.consult or "")


def _cannot_ask(found: Conversation) -> Refused | None:
    if found.consult_of is not None:
        return _NOT_ABOUT_THAT
    return None if found.consult is None else _ANOTHER


def _may_not_end(
    turn: Turn, command: EndConsult, found: Conversation, question: Conversation
) -> Refused | None:
    holder = None if found.agent is None else found.agent.name
    asked = None if question.agent is None else question.agent.name
    above = is_supervisor(turn, command.actor)
    if not above and command.actor not in (holder, asked):
        return _OTHERS
    if not command.hand_over:
        return None
    if not above and command.actor != holder:
        return _NOT_YOURS
    return None if question.status == "held" and found.status == "held" else _NOT_TAKEN


def _hand_over(turn: Turn, actor: str, found: Conversation, question: Conversation) -> None:
    """In one step: at no position of the record it is with nobody who waits for it."""
    giver, taker = found.agent, question.agent
    assert giver is not None
    assert taker is not None
    closing.end(turn, question, actor, "handed_over")
    turn.emit(Released(found.id, giver.name, turn.now, "consulted"))
    turn.emit(Assigned(found.id, taker.name, turn.now))
    fill_all(turn, (giver, taker))
