"""One decision in the making: what it looks at, and the events it has come to so far."""

from dataclasses import dataclass

from services.router.engine.evolve import HANDLERS
from services.router.engine.state import State, Workspace
from shared.events.routing import Refused, RoutingEvent, Unchanged


@dataclass(frozen=True, slots=True)
class Context:
    """What comes with a command: the time (Unix milliseconds) and the input's id.

    `cause` is the command's id, the inbound event's, or `timer`. Ids made by the decision are
    derived from it.
    """

    now: int
    cause: str


class Turn:
    """`emit` is the only way a decision changes anything."""

    __slots__ = ("cause", "events", "now", "state", "workspace")

    def __init__(self, state: State, workspace: Workspace, now: int, cause: str) -> None:
        self.state, self.workspace = state, workspace
        self.now, self.cause = now, cause
        self.events: list[RoutingEvent] = []

    def emit(self, event: RoutingEvent) -> None:
        """Decide on this event: apply it, so that what follows is decided on its result."""
        state, workspace = self.state, self.workspace
        if state.capture is not None:
            state.capture.before(workspace, event)
        HANDLERS[type(event)](state, workspace, event)
        self.events.append(event)

    def refuse(self, refused: Refused) -> None:
        """The command has no effect; say why."""
        self.emit(refused)

    def unchanged(self) -> None:
        """The command asked for what already is so."""
        self.emit(Unchanged())
