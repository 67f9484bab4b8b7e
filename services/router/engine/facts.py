"""Small facts that the state remembers about agents, senders and threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from shared.events.commands import PresenceState


class Before(NamedTuple):
    """What an agent was before his connection was lost."""

    state: PresenceState
    reason: str | None
    channels: tuple[str, ...]


class Blocked(NamedTuple):
    """Who blocked a sender, when, until when (None: for good), and why."""

    by: str
    at: int
    until: int | None
    reason: str | None


@dataclass(slots=True, eq=False)
class Alert:
    """What a customer was told; his next conversation on that thread carries it."""

    alert: str
    rule: str
    order: str | None
    context: Mapping[str, str]
    until: int
