"""Topic `dead-letters`: what could not be processed, kept whole."""

from typing import ClassVar, Literal

from shared.events.base import Event

Encoding = Literal["base64", "zlib+base64"]


class DeadLetter(Event):
    """`origin` is `topic/partition/offset` of a record, or `webhook/channel/account` of an item.

    `reason` is an error's code (`undecodable`, `unknown_type`, `bug`, …); `raw` is base64 of the
    bytes as they came, compressed before (RFC 1950) when they are too many otherwise.
    """

    TYPE: ClassVar[str] = "patchbay.dead.v1"

    origin: str
    reason: str
    detail: str = ""
    raw: str
    raw_encoding: Encoding = "base64"
    workspace: str | None = None
    channel: str | None = None
    account: str | None = None
