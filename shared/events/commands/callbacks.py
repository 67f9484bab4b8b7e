"""Calls that we owe."""

from datetime import datetime
from typing import ClassVar, Literal

from shared.events.base import Event


class RequestCallback(Event):
    """Call this customer back, not before `at`; an open promise to him is not made twice."""

    TYPE: ClassVar[str] = "patchbay.command.request_callback.v1"

    workspace: str
    actor: str
    conversation_key: str
    channel: str
    account: str
    address: str
    customer: str = ""
    attributes: dict[str, str] = {}
    at: datetime | None = None


class NoteCall(Event):
    """A call of ours was not answered, derived from `deliveries`.

    `leg` says by whom. `dial` is the attempt where the customer was called first, `agent` who had
    accepted it where the agent was.
    """

    TYPE: ClassVar[str] = "patchbay.command.note_call.v1"

    workspace: str
    conversation: str
    leg: Literal["agent", "customer"]
    dial: str | None = None
    agent: str | None = None
