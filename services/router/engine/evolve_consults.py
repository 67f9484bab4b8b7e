"""What a question to a colleague does to the state."""

from services.router.engine.shunning import FOREVER, shun
from services.router.engine.state import Conversation, State, Thread, Workspace
from services.router.engine.threads import share
from shared.events import routing

_OF_THE_CALL = frozenset({"call", "call_state", "menu", "owed", "callback", "wish"})


def consulted(state: State, workspace: Workspace, event: routing.Consulted) -> None:
    """A piece of work that no customer ever writes to; who asks is never asked himself."""
    about = workspace.conversations[event.conversation]
    known = about.attributes.items()
    attributes = {name: value for name, value in known if name not in _OF_THE_CALL}
    workspace.numbers += 1
    question = Conversation(
        event.consult,
        event.consult,
        workspace.numbers,
        about.channel,
        share(workspace, attributes),
        event.at,
    )
    question.priority, question.consult_of = about.priority, about.id
    workspace.conversations[question.id] = question
    workspace.threads[question.key] = Thread(last=question, kept=1)
    about.consult = question.id
    shun(state, workspace, question, workspace.agents[event.by], FOREVER, event.at)
