"""Topic `commands`: what the engine decides on besides `inbound`.

A command's envelope id is its correlation id: the Decision that answers it carries it as `cause`.
`actor` is the agent id that asked, or `system`.
"""

from datetime import datetime
from typing import ClassVar, Literal

from shared.events.base import Event
from shared.rules import Rules

PresenceState = Literal["available", "draining", "away", "offline"]


class SetPresence(Event):
    """An agent becomes available, takes nothing new (draining), goes away, or leaves.

    `session` is the API stream that holds the presence; a loss reported for an older session has no
    effect.
    """

    TYPE: ClassVar[str] = "patchbay.command.presence.v1"

    workspace: str
    actor: str
    agent: str
    state: PresenceState
    reason: str | None = None
    session: str | None = None


class AcceptOffer(Event):
    TYPE: ClassVar[str] = "patchbay.command.accept.v1"

    workspace: str
    actor: str
    offer: str


class DeclineOffer(Event):
    TYPE: ClassVar[str] = "patchbay.command.decline.v1"

    workspace: str
    actor: str
    offer: str
    reason: str | None = None


class Transfer(Event):
    """Put a held conversation back into a queue; it keeps its age."""

    TYPE: ClassVar[str] = "patchbay.command.transfer.v1"

    workspace: str
    actor: str
    conversation: str
    queue: str
    note: str | None = None


class Close(Event):
    """End a conversation; the agent's wrap-up begins where the queue has one.

    `seen` is the customer's latest action as whoever closes knows it (its event id): nothing is
    closed over a message that nobody has read.
    """

    TYPE: ClassVar[str] = "patchbay.command.close.v1"

    workspace: str
    actor: str
    conversation: str
    code: str | None = None
    seen: str | None = None


class EndWrapUp(Event):
    TYPE: ClassVar[str] = "patchbay.command.end_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str


class Configure(Event):
    """From here on decide by these rules. `digest` names them; the same digest changes nothing."""

    TYPE: ClassVar[str] = "patchbay.command.configure.v1"

    workspace: str
    digest: str
    rules: Rules


class NoteAlert(Event):
    """An alert went to this customer: his next conversation on that thread carries it."""

    TYPE: ClassVar[str] = "patchbay.command.note_alert.v1"

    workspace: str
    conversation_key: str
    alert: str
    rule: str
    order: str | None = None
    context: dict[str, str] = {}
    until: datetime


class NoteDelivery(Event):
    """A reply's outcome, derived from `deliveries`: it stops the first-response clock."""

    TYPE: ClassVar[str] = "patchbay.command.note_delivery.v1"

    workspace: str
    conversation: str
    message_id: str
    outcome: str
    occurred_at: datetime


Command = (
    SetPresence
    | AcceptOffer
    | DeclineOffer
    | Transfer
    | Close
    | EndWrapUp
    | Configure
    | NoteAlert
    | NoteDelivery
)

COMMANDS: tuple[type[Event], ...] = (
    SetPresence,
    AcceptOffer,
    DeclineOffer,
    Transfer,
    Close,
    EndWrapUp,
    Configure,
    NoteAlert,
    NoteDelivery,
)
