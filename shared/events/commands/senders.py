"""What is noted of those who write."""

from datetime import datetime
from typing import ClassVar

from shared.events.base import Event


class BlockSender(Event):
    """What he sends opens nothing, until `until` or for good.

    `subject` is a conversation key, or the opaque name of an address (`CustomerEvent.sender`).
    """

    TYPE: ClassVar[str] = "patchbay.command.block_sender.v1"

    workspace: str
    actor: str
    subject: str
    until: datetime | None = None
    reason: str | None = None


class UnblockSender(Event):
    TYPE: ClassVar[str] = "patchbay.command.unblock_sender.v1"

    workspace: str
    actor: str
    subject: str


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
