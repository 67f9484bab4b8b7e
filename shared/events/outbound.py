"""Topics `outbound` and `deliveries`: what we send, and what became of it."""

from datetime import datetime
from typing import ClassVar, Literal

from shared.events.base import Event, Part
from shared.events.inbound import Attachment

OutcomeKind = Literal[
    "accepted",
    "retry",
    "throttled",
    "window_closed",
    "opted_out",
    "unreachable",
    "rejected_content",
    "misconfigured",
    "unknown",
]
ReceiptStatus = Literal["sent", "delivered", "read", "played", "failed"]


class Template(Part):
    """A message approved or written beforehand. `parameters` are in the template's order."""

    name: str
    language: str
    parameters: dict[str, str] = {}


class CallControl(Part):
    """What to do with a call: `connect` a live one to `agent_endpoint`, `dial` the customer back
    (agent first), `ring` him before any agent (the engine's attempt `dial`), `say` a text into it
    (and then `hang_up`, or let it wait on), move a live one into the `conference` called `room`,
    have an agent `join` that, or `hangup`."""

    action: Literal["connect", "dial", "ring", "say", "conference", "join", "hangup"]
    call_id: str | None = None
    agent_endpoint: str | None = None
    hang_up: bool = False
    dial: str | None = None
    room: str | None = None


class MailThread(Part):
    """What keeps our answer in the customer's thread (RFC 5322)."""

    subject: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()


class Alert(Part):
    """The fact a proactive message is about. The same fact has the same `id`: it is sent once.

    `ladder` holds the channel accounts still to be tried after this one. `customer` is the record
    key of the facts in `commerce`, where the alert's own events are kept too. A `marketing` one
    must offer the way out where the channel has one (e-mail: List-Unsubscribe).
    """

    id: str
    rule: str
    order: str | None = None
    shipment: str | None = None
    customer: str = ""
    ladder: tuple[str, ...] = ()
    context: dict[str, str] = {}
    purpose: Literal["service", "marketing"] = "service"


class OutboundMessage(Event):
    """One message to one customer on one channel account.

    `id` names the message for ever: the send ledger, the provider's idempotency handle and the
    e-mail Message-ID come from it. `human` is true when a person wrote it (Messenger's human-agent
    window). `window_expires_at` is the reply window known when it was written; `send_before` ends
    all attempts.
    """

    TYPE: ClassVar[str] = "patchbay.outbound.v1"

    id: str
    workspace: str
    channel: str
    account: str
    conversation_key: str
    conversation_id: str | None = None
    kind: Literal["reply", "alert", "auto", "call"] = "reply"
    to: str
    author: str | None = None
    human: bool = False
    language: str = "en"
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    template: Template | None = None
    mail: MailThread | None = None
    call: CallControl | None = None
    alert: Alert | None = None
    window_expires_at: datetime | None = None
    not_before: datetime | None = None
    send_before: datetime | None = None
    written_at: datetime


class Attempted(Event):
    """Written before a provider is called: without an outcome after it, the outcome is unknown.

    `part` counts the provider calls one message needs (text and picture: two), from 0.
    """

    TYPE: ClassVar[str] = "patchbay.delivery.attempted.v1"

    message_id: str
    workspace: str
    channel: str
    account: str
    conversation_key: str
    conversation_id: str | None = None
    attempt: int
    part: int = 0
    parts: int = 1


class Outcome(Event):
    """What became of an attempt, or of the whole message when it was refused before any call.

    `final` is false while another attempt or an answer is still to come. `code` is the provider's
    own code, `reason` one sentence for the agent. `customer` is the alert's, so that what became of
    an alert finds its facts again.
    """

    TYPE: ClassVar[str] = "patchbay.delivery.outcome.v1"

    message_id: str
    workspace: str
    channel: str
    account: str
    conversation_key: str
    conversation_id: str | None = None
    attempt: int
    part: int = 0
    kind: OutcomeKind
    final: bool
    provider_id: str | None = None
    retry_at: datetime | None = None
    code: str | None = None
    reason: str | None = None
    alert_id: str | None = None
    customer: str | None = None


class Receipt(Event):
    """What the provider reported later about a message we sent.

    `provider_id` is the provider's message id; `message_id` is ours where the provider echoes it.
    `watermark` (Messenger) means: everything sent to this customer up to then. `part` is which of
    the message's provider calls it is about, where the provider echoes that. `leg` is whose phone a
    failed call rang.
    """

    TYPE: ClassVar[str] = "patchbay.delivery.receipt.v1"

    id: str
    workspace: str
    channel: str
    account: str
    conversation_key: str
    status: ReceiptStatus
    occurred_at: datetime
    provider_id: str | None = None
    message_id: str | None = None
    part: int | None = None
    watermark: datetime | None = None
    kind: OutcomeKind | None = None
    code: str | None = None
    reason: str | None = None
    leg: Literal["agent", "customer"] | None = None
