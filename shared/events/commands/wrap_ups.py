"""The work after a conversation."""

from typing import ClassVar

from shared.events.base import Event


class AskWrapUp(Event):
    """The agent will need a wrap-up, whoever ends the conversation."""

    TYPE: ClassVar[str] = "patchbay.command.ask_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str


class ExtendWrapUp(Event):
    """Put the end of a wrap-up off by so many seconds."""

    TYPE: ClassVar[str] = "patchbay.command.extend_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str
    seconds: float


class EndWrapUp(Event):
    """The agent is done; `code` says how it ended, in a word of the queue's."""

    TYPE: ClassVar[str] = "patchbay.command.end_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str
    code: str | None = None
