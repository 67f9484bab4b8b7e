"""A proactive alert's own story, kept in `commerce` beside the facts it is about.

Same key, same partition: the fold of one partition knows the facts, what was decided about them and
what became of it. Of several `AlertPlanned` with one alert and step the first one counts, so two
processes that both decide still send one message.
"""

from datetime import date, datetime
from typing import ClassVar, Literal

from shared.events.base import Event
from shared.events.outbound import OutboundMessage, OutcomeKind, ReceiptStatus

Settlement = Literal[
    "delivered", "answered", "withdrawn", "undeliverable", "not_allowed", "expired"
]


class AlertPlanned(Event):
    """This message is to go out at `due`, unless the facts change before.

    `subject` is what it is about (`shipment/…`, `order/…`, `product/…`), `announced` the date it
    tells. `step` counts the channels tried, from 0. `contact` is the shop's id of the customer.
    """

    TYPE: ClassVar[str] = "patchbay.commerce.alert_planned.v1"

    workspace: str
    alert: str
    rule: str
    subject: str
    contact: str
    step: int
    due: datetime
    announced: date | None = None
    message: OutboundMessage
    planned_at: datetime


class AlertReported(Event):
    """What became of the alert's message so far, derived from `deliveries`."""

    TYPE: ClassVar[str] = "patchbay.commerce.alert_reported.v1"

    workspace: str
    alert: str
    message_id: str
    outcome: OutcomeKind | None = None
    status: ReceiptStatus | None = None
    code: str | None = None


class AlertSettled(Event):
    """The alert's end. `reason` says why it was withdrawn, or why no channel was allowed."""

    TYPE: ClassVar[str] = "patchbay.commerce.alert_settled.v1"

    workspace: str
    alert: str
    rule: str
    subject: str
    contact: str
    how: Settlement
    reason: str = ""
    settled_at: datetime
