"""What a customer was told goes with his next conversation."""

from services.router.engine.attributes import of_alert
from services.router.engine.facts import Alert
from services.router.engine.opening import enrich
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.commands import NoteAlert
from shared.events.routing import AlertForgotten, AlertNoted


def note_alert(turn: Turn, command: NoteAlert) -> None:
    """Remember it for the key's next conversation, and show it in the open one."""
    thread = turn.workspace.threads.get(command.conversation_key)
    until = milliseconds(command.until)
    if until <= turn.now or (thread is not None and thread.noted == command.alert):
        return turn.unchanged()
    alert = Alert(command.alert, command.rule, command.order, command.context, until)
    turn.emit(
        AlertNoted(
            command.conversation_key,
            alert.alert,
            alert.rule,
            alert.order,
            dict(alert.context),
            until,
        )
    )
    last = None if thread is None else thread.last
    if last is not None and last.status != "closed":
        enrich(turn, last, of_alert(alert))
    return None


def forget_alert(turn: Turn, key: str, at: int) -> None:
    """Its time is over, unless a later one took its place."""
    thread = turn.workspace.threads.get(key)
    if thread is not None and thread.alert is not None and thread.alert.until <= at:
        turn.emit(AlertForgotten(key))
