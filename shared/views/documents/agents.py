"""Agents, as the view shows them."""

from typing import Literal

from shared.events.commands import PresenceState
from shared.views.documents.base import Document


class Work(Document):
    """One conversation that takes a place of an agent's capacity."""

    conversation: str
    channel: str
    phase: Literal["offered", "held", "wrap_up"]
    since: int
    offer: str | None = None
    until: int | None = None
    accepting: bool = False
    units: int = 1
    paused: bool = False


class Agent(Document):
    """An agent's presence and work. `session` is the stream that holds the presence, `channels` are
    what he takes while busy. Offline, he keeps what he holds until `keeps_until`; `lost`: because
    his connection is gone.

    His time is counted up to `accounted`, by `units` that he can take at once.
    """

    id: str
    state: PresenceState = "offline"
    reason: str | None = None
    session: str | None = None
    since: int = 0
    channels: list[str] = []
    keeps_until: int | None = None
    lost: bool = False
    work: dict[str, Work] = {}
    accounted: int = 0
    units: int = 0
    position: int = 0

    def takes(self, channel: str) -> bool:
        """Does he take new work on this channel, given room?"""
        return self.state == "available" or channel in self.channels
