"""What the API answers about a timeline."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.router.api.answered import Answer
from shared.events.inbound import ActionKind
from shared.views.documents import DeliveryState


class AttachmentOut(Answer):
    """A file; `url` where it has an address of its own."""

    kind: str
    name: str | None
    mime: str | None
    size: int | None
    url: str | None


class CustomerEntry(Answer):
    """What the customer did. `text` is null also while the content is not there (any more).

    `moved_to`: it was split off, and belongs to that conversation now.
    """

    type: Literal["customer"] = "customer"
    id: str
    at: datetime
    action: ActionKind
    text: str | None
    subject: str | None
    attachments: list[AttachmentOut]
    automatic: bool
    reply_to: str | None
    moved_to: str | None = None


class DeliveryOut(Answer):
    """What became of a message. `state` is `queued` until the first attempt."""

    state: DeliveryState | Literal["queued"]
    at: datetime | None
    reason: str | None
    code: str | None


class MessageEntry(Answer):
    """What we sent."""

    type: Literal["message"] = "message"
    id: str
    at: datetime
    kind: str | None
    author: str | None
    text: str | None
    template: str | None
    attachments: list[AttachmentOut]
    delivery: DeliveryOut


class SystemEntry(Answer):
    """What happened to the conversation."""

    type: Literal["system"] = "system"
    id: str
    at: datetime
    event: str
    agent: str | None
    queue: str | None
    how: str | None
    reason: str | None
    note: str | None = None
    other: str | None = None


TimelineEntry = Annotated[CustomerEntry | MessageEntry | SystemEntry, Field(discriminator="type")]


class Timeline(Answer):
    """Entries by time, oldest first. `before` leads to older, `after` to newer ones."""

    entries: list[TimelineEntry]
    before: str | None
    after: str | None
