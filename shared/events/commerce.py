"""Topic `commerce`: facts from shops and carriers, one vocabulary for all sources."""

from datetime import date, datetime
from typing import ClassVar, Literal

from shared.events.base import Event, Part

ShipmentState = Literal[
    "label_created",
    "accepted",
    "in_transit",
    "customs",
    "out_for_delivery",
    "attempted",
    "ready_for_pickup",
    "delivered",
    "delayed",
    "exception_address",
    "exception_hold",
    "damaged",
    "lost",
    "returning",
    "returned",
    "cancelled",
    "expired",
    "unknown",
]

OrderState = Literal["created", "updated", "paid", "fulfilled", "cancelled", "refunded"]


class Consent(Part):
    """May we send messages of this purpose to this customer on this channel?"""

    channel: str
    purpose: Literal["service", "marketing"] = "service"
    granted: bool


class Contact(Part):
    """The customer as the shop knows him. `addresses` maps a channel name to an address on it."""

    id: str
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    country: str | None = None
    preferred_channel: str | None = None
    addresses: dict[str, str] = {}
    consents: tuple[Consent, ...] = ()


class ShipmentChanged(Event):
    """A shipment's state as of `occurred_at`; an older event than the last one is ignored."""

    TYPE: ClassVar[str] = "patchbay.commerce.shipment.v1"

    id: str
    workspace: str
    source: str
    shipment: str
    order: str | None = None
    state: ShipmentState
    raw_state: str = ""
    promised: date | None = None
    expected: date | None = None
    carrier: str | None = None
    tracking_url: str | None = None
    contact: Contact | None = None
    occurred_at: datetime


class OrderChanged(Event):
    """An order as of `occurred_at`. `contact` is what later shipment events of it refer to."""

    TYPE: ClassVar[str] = "patchbay.commerce.order.v1"

    id: str
    workspace: str
    source: str
    order: str
    number: str | None = None
    state: OrderState
    shipments: tuple[str, ...] = ()
    contact: Contact | None = None
    occurred_at: datetime


class StockChanged(Event):
    """How many of a product a shop can sell. A rise from 0 is `back in stock`."""

    TYPE: ClassVar[str] = "patchbay.commerce.stock.v1"

    id: str
    workspace: str
    source: str
    product: str
    title: str | None = None
    available: int
    waiting: tuple[Contact, ...] = ()
    occurred_at: datetime
