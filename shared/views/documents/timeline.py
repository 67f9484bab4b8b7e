"""The entries of a timeline."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.views.documents.base import Document
from shared.views.documents.conversations import Why


class Marks(Document):
    """Up to these times everything sent on a conversation key was delivered and read."""

    delivered: int | None = None
    read: int | None = None


class CustomerEntry(Document):
    """A customer's action; its content is the item `ref`."""

    type: Literal["customer"] = "customer"
    ref: str
    action: str


class MessageEntry(Document):
    """A message of ours; its content is the message `id`."""

    type: Literal["message"] = "message"
    id: str


class SystemEntry(Document):
    """What happened to the conversation. `id` is its place in the record."""

    type: Literal["system"] = "system"
    id: str
    event: str
    agent: str | None = None
    queue: str | None = None
    how: str | None = None
    reason: str | None = None
    note: str | None = None
    other: str | None = None
    why: Why | None = None


Entry = Annotated[CustomerEntry | MessageEntry | SystemEntry, Field(discriminator="type")]


_ENTRY: TypeAdapter[CustomerEntry | MessageEntry | SystemEntry] = TypeAdapter(Entry)


_LAST = "~"


def entry_text(entry: CustomerEntry | MessageEntry | SystemEntry, order: str = _LAST) -> str:
    """An entry as a member of the sorted set. `order` sorts entries of the same millisecond."""
    return f"{order}|{_ENTRY.dump_json(entry, exclude_none=True).decode()}"


def entry_of(text: str) -> CustomerEntry | MessageEntry | SystemEntry:
    """The entry that `entry_text` wrote."""
    return _ENTRY.validate_json(text.partition("|")[2])
