"""Calls that we owe."""

from dataclasses import dataclass
from typing import Literal

DialEnd = Literal["answered", "missed", "rescinded"]


@dataclass(slots=True)
class CallbackAsked:
    """We owe this customer a call; not before `until`, where that is given."""

    conversation: str
    by: str
    at: int
    until: int | None = None
    event: Literal["callback_asked"] = "callback_asked"


@dataclass(slots=True)
class CallbackMissed:
    """We called back and he did not answer. He is called again at `retry_at`, if at all."""

    conversation: str
    attempt: int
    at: int
    retry_at: int | None = None
    event: Literal["callback_missed"] = "callback_missed"


@dataclass(slots=True)
class Dialled:
    """The customer is called before the agent, who is kept free for him until then at most."""

    conversation: str
    dial: str
    agent: str
    at: int
    until: int
    event: Literal["dialled"] = "dialled"


@dataclass(slots=True)
class DialEnded:
    """His phone rings no longer."""

    conversation: str
    agent: str
    how: DialEnd
    at: int
    event: Literal["dial_ended"] = "dial_ended"
