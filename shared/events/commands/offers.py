"""What agents answer to offers."""

from typing import ClassVar

from shared.events.base import Event


class AcceptOffer(Event):
    TYPE: ClassVar[str] = "patchbay.command.accept.v1"

    workspace: str
    actor: str
    offer: str


class BeginAccept(Event):
    """The agent has begun to accept (a call is being connected): he gets the time that takes."""

    TYPE: ClassVar[str] = "patchbay.command.begin_accept.v1"

    workspace: str
    actor: str
    offer: str


class DeclineOffer(Event):
    """Let it go to others. For `retry_after` seconds he does not want to be asked again."""

    TYPE: ClassVar[str] = "patchbay.command.decline.v1"

    workspace: str
    actor: str
    offer: str
    reason: str | None = None
    retry_after: float | None = None
