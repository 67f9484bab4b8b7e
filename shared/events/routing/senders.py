"""What is noted of those who write: alerts they got, and whether they are blocked."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class SenderBlocked:
    """What he sends opens nothing. `subject` is a conversation key or a `CustomerEvent.sender`."""

    subject: str
    by: str
    at: int
    until: int | None = None
    reason: str | None = None
    event: Literal["sender_blocked"] = "sender_blocked"


@dataclass(slots=True)
class SenderUnblocked:
    """He may write again; `by` is `system` when its time was over."""

    subject: str
    by: str
    at: int
    event: Literal["sender_unblocked"] = "sender_unblocked"


@dataclass(slots=True)
class Ignored:
    """A blocked sender's action, kept in `inbound` by the id `ref`: nothing came of it.

    `why` is the subject that is blocked, or `rule:` and the rule's name. `call` and its `account`
    are there when he calls and holds the line.
    """

    key: str
    ref: str
    why: str
    at: int
    account: str | None = None
    call: str | None = None
    event: Literal["ignored"] = "ignored"


@dataclass(slots=True)
class AlertNoted:
    key: str
    alert: str
    rule: str
    order: str | None
    context: dict[str, str]
    until: int
    event: Literal["alert_noted"] = "alert_noted"


@dataclass(slots=True)
class AlertForgotten:
    key: str
    event: Literal["alert_forgotten"] = "alert_forgotten"
