"""What the events of blocked senders do to the state."""

from services.router.engine.facts import Blocked
from services.router.engine.state import State, Workspace
from services.router.engine.timers import arm
from shared.events import routing


def sender_blocked(state: State, workspace: Workspace, event: routing.SenderBlocked) -> None:
    """He opens nothing, for ever or until then."""
    workspace.blocked[event.subject] = Blocked(event.by, event.at, event.until, event.reason)
    if event.until is not None:
        arm(state, event.until, "unblock", workspace.name, event.subject)


def sender_unblocked(_state: State, workspace: Workspace, event: routing.SenderUnblocked) -> None:
    """He may write again."""
    del workspace.blocked[event.subject]
