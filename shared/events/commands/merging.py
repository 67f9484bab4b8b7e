"""Conversations of one customer become one, or part."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.base import Event, Part


class Merge(Event):
    """Make `other`, of the same customer, a part of `conversation`."""

    TYPE: ClassVar[str] = "patchbay.command.merge.v1"

    workspace: str
    actor: str
    conversation: str
    other: str


MOST_MOVED = 32
"""How many of the customer's last actions can be split off: as many as a thread remembers."""


class Moved(Part):
    """A customer's action that goes to another conversation: its event id, kind and time."""

    ref: str
    action: str
    at: datetime


class Split(Event):
    """Split off `merged`, or the customer's last actions: all of them from some one on.

    For those the customer's name, address, channel and account are what the view knows of them.
    """

    TYPE: ClassVar[str] = "patchbay.command.split.v1"

    workspace: str
    actor: str
    conversation: str
    merged: str | None = None
    moved: Annotated[tuple[Moved, ...], Field(max_length=MOST_MOVED)] = ()
    channel: str = ""
    account: str = ""
    address: str = ""
    customer: str = ""
