"""Maximum waits in the state: when the next one of a conversation falls due."""

from services.router.engine.hours import limit_at
from services.router.engine.state import Conversation, State, Workspace
from services.router.engine.timers import arm


def due_limit(workspace: Workspace, conversation: Conversation) -> int | None:
    """When its next maximum wait falls due; None: never, as things are."""
    if conversation.consult_of is not None:
        return None
    return limit_at(workspace, conversation.queue, conversation.queued_at, conversation.limits)


def remind_of_limit(state: State, workspace: Workspace, conversation: Conversation) -> None:
    """Make sure that it is looked at then."""
    if not workspace.settings(conversation).max_wait:
        return
    due = due_limit(workspace, conversation)
    if due is not None:
        arm(state, due, "limit", workspace.name, conversation.id)
