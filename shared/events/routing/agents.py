"""Agents: their presence and their work after a conversation."""

from dataclasses import dataclass
from typing import Literal

from shared.events.commands import PresenceState


@dataclass(slots=True)
class WrapUpAsked:
    """The agent will need a wrap-up when this conversation ends."""

    conversation: str
    agent: str
    at: int
    event: Literal["wrap_up_asked"] = "wrap_up_asked"


@dataclass(slots=True)
class WrapUpStarted:
    """The agent still works on it, until `until` or until he says so; his capacity stays taken.

    It may be put off until `most`. `code` says how the conversation ended, if he has said so.
    """

    conversation: str
    agent: str
    at: int
    until: int | None = None
    most: int | None = None
    code: str | None = None
    event: Literal["wrap_up_started"] = "wrap_up_started"


@dataclass(slots=True)
class WrapUpExtended:
    conversation: str
    agent: str
    until: int
    at: int
    event: Literal["wrap_up_extended"] = "wrap_up_extended"


@dataclass(slots=True)
class WrapUpCoded:
    """He has said how it ended; the wrap-up goes on until its time is up."""

    conversation: str
    agent: str
    code: str
    at: int
    event: Literal["wrap_up_coded"] = "wrap_up_coded"


@dataclass(slots=True)
class WrapUpEnded:
    conversation: str
    agent: str
    at: int
    code: str | None = None
    event: Literal["wrap_up_ended"] = "wrap_up_ended"


@dataclass(slots=True)
class PresenceChanged:
    """`channels` are what a busy agent still takes. Until `until` an agent who is offline keeps
    what he holds. `lost`: his connection is gone, and he is again what he was if it comes back by
    then.
    """

    agent: str
    state: PresenceState
    at: int
    reason: str | None = None
    session: str | None = None
    channels: tuple[str, ...] = ()
    until: int | None = None
    lost: bool = False
    event: Literal["presence_changed"] = "presence_changed"


@dataclass(slots=True)
class RampEnded:
    """The gentle beginning of an agent who signed in is over."""

    agent: str
    at: int
    event: Literal["ramp_ended"] = "ramp_ended"
