"""Agents come, pause and go."""

from typing import ClassVar, Literal

from shared.events.base import Event

PresenceState = Literal["available", "busy", "draining", "away", "offline"]


class SetPresence(Event):
    """An agent becomes available, takes new work on the named `channels` only (busy), takes nothing
    new (draining), goes away, or leaves. `session` is the API stream that holds the presence.
    """

    TYPE: ClassVar[str] = "patchbay.command.presence.v1"

    workspace: str
    actor: str
    agent: str
    state: PresenceState
    reason: str | None = None
    session: str | None = None
    channels: tuple[str, ...] = ()


class LosePresence(Event):
    """The stream that held an agent's presence is gone. Of an older session it means nothing.

    What he was offered goes to others at once; what he holds stays his for a grace time.
    """

    TYPE: ClassVar[str] = "patchbay.command.lose_presence.v1"

    workspace: str
    actor: str
    agent: str
    session: str | None = None


class ResumePresence(Event):
    """A stream of the agent is open again: what a loss took from him he is again."""

    TYPE: ClassVar[str] = "patchbay.command.resume_presence.v1"

    workspace: str
    actor: str
    agent: str
    session: str
