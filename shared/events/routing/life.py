"""What happens to conversations besides: they sleep, meet and part."""

from dataclasses import dataclass
from typing import Literal

WokenBy = Literal["time", "customer", "agent"]


@dataclass(slots=True)
class Snoozed:
    """It sleeps with its agent until `until`, or until the customer writes."""

    conversation: str
    agent: str
    until: int
    at: int
    event: Literal["snoozed"] = "snoozed"


@dataclass(slots=True)
class Woken:
    """It sleeps no longer, and its agent goes on with it."""

    conversation: str
    agent: str
    why: WokenBy
    at: int
    event: Literal["woken"] = "woken"


@dataclass(slots=True)
class Merged:
    """`other` ended and became part of `conversation`: its thread goes on there."""

    conversation: str
    other: str
    by: str
    at: int
    event: Literal["merged"] = "merged"


@dataclass(slots=True)
class Unmerged:
    """`other` is a conversation of its own again, as old as it was."""

    conversation: str
    other: str
    by: str
    at: int
    event: Literal["unmerged"] = "unmerged"


@dataclass(slots=True)
class MovedEntry:
    """A customer's action that went from one conversation to another."""

    ref: str
    action: str
    at: int


@dataclass(slots=True)
class SplitOff:
    """The customer's last actions became the conversation `other`, which has just opened."""

    conversation: str
    other: str
    moved: list[MovedEntry]
    by: str
    at: int
    event: Literal["split_off"] = "split_off"
