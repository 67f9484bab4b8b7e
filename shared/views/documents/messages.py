"""Messages, and how far they came."""

from typing import Literal

from shared.events.inbound import Action
from shared.events.outbound import OutboundMessage, OutcomeKind
from shared.views.documents.base import Document

DeliveryState = Literal[
    "sending",
    "retrying",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
]


DELIVERY_ORDER: tuple[DeliveryState, ...] = (
    "sending",
    "retrying",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
)
"""From `accepted` on a state only rises: a receipt that comes late or twice changes nothing."""


class Reference(Document):
    """Names a conversation: the last one on a conversation key, the one that was offered."""

    conversation: str


class MailHead(Document):
    """The customer's latest mail: what an answer refers to (RFC 5322)."""

    message_id: str
    subject: str = ""
    references: list[str] = []


class Item(Document):
    """What a customer did, as the channel read it."""

    action: Action


class Contact(Document):
    """How to answer on a conversation key. `spoke_at` is when the reply window last began."""

    address: str
    name: str | None = None
    language: str | None = None
    spoke_at: int | None = None
    mail: MailHead | None = None


class Sent(Document):
    """A message of ours, as it was written to `outbound`."""

    message: OutboundMessage


class PartDelivery(Document):
    """What became of one of the provider calls that a message needs."""

    state: DeliveryState
    at: int
    attempt: int = 0
    kind: OutcomeKind | None = None
    code: str | None = None
    reason: str | None = None


class Delivery(Document):
    """What became of a message we sent; `parts` by number, of `total`. `provider_ids` are what the
    provider calls them."""

    parts: dict[int, PartDelivery] = {}
    total: int = 1
    provider_ids: dict[int, str] = {}
    accepted_at: int | None = None


class ProviderMessage(Document):
    """A provider's message id: whose it is, or what was reported before we knew."""

    message: str | None = None
    part: int = 0
    reported: PartDelivery | None = None


class Alerted(Document):
    """Names the last alert that went out on a conversation key."""

    message: str
