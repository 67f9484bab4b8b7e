"""What is done with a conversation that somebody holds."""

from datetime import datetime
from typing import ClassVar

from shared.events.base import Event


class Transfer(Event):
    """Give a held conversation to a queue, an agent or whoever has these skills; it keeps its age.

    `to_agent` is offered it first; then it is the turn of `queue`, or of a queue of his. Without
    `queue`, whoever has the `skills` is looked for where it was.
    """

    TYPE: ClassVar[str] = "patchbay.command.transfer.v1"

    workspace: str
    actor: str
    conversation: str
    queue: str | None = None
    to_agent: str | None = None
    skills: dict[str, int] = {}
    note: str | None = None


class Snooze(Event):
    """Let a held conversation sleep until `until`, or until the customer writes."""

    TYPE: ClassVar[str] = "patchbay.command.snooze.v1"

    workspace: str
    actor: str
    conversation: str
    until: datetime


class Wake(Event):
    """Go on with a conversation that sleeps."""

    TYPE: ClassVar[str] = "patchbay.command.wake.v1"

    workspace: str
    actor: str
    conversation: str


class Consult(Event):
    """Ask a colleague about a held conversation; the customer stays with who holds it."""

    TYPE: ClassVar[str] = "patchbay.command.consult.v1"

    workspace: str
    actor: str
    conversation: str
    queue: str | None = None
    to_agent: str | None = None
    skills: dict[str, int] = {}
    note: str | None = None


class EndConsult(Event):
    """The question is answered; with `hand_over` the customer goes to who was asked."""

    TYPE: ClassVar[str] = "patchbay.command.end_consult.v1"

    workspace: str
    actor: str
    conversation: str
    hand_over: bool = False


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
    wrap_up: bool | None = None


class NoteDelivery(Event):
    """A reply's outcome, derived from `deliveries`: it stops the first-response clock."""

    TYPE: ClassVar[str] = "patchbay.command.note_delivery.v1"

    workspace: str
    conversation: str
    message_id: str
    outcome: str
    occurred_at: datetime
