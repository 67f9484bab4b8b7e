"""The body of our own signed event. Every key is documented; an unknown one is an error."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, model_validator

from shared.channels.registry import CHANNELS
from shared.commerce.people import contact_id, email_of, language_of, phone_of
from shared.commerce.zones import zone_of
from shared.events.commerce import Consent, Contact, OrderState, ShipmentState
from shared.strict import Strict

Id = Annotated[str, Field(min_length=1, max_length=128)]
Line = Annotated[str, Field(min_length=1, max_length=300)]


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("write the offset, as in 2026-05-15T10:00:00Z")
    return value.astimezone(UTC)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown time zone, write it as Europe/Berlin") from None
    return value


def _language(value: Any) -> str:
    language = language_of(value if isinstance(value, str) else None)
    if language is None:
        raise ValueError("write it as de or de-AT (BCP 47)")
    return language


def _channel(value: str) -> str:
    if value not in CHANNELS:
        raise ValueError(f"unknown channel, known: {', '.join(sorted(CHANNELS))}")
    return value


Moment = Annotated[datetime, AfterValidator(_aware)]
ChannelName = Annotated[str, AfterValidator(_channel)]
Language = Annotated[str, PlainValidator(_language)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


def _digits(value: str) -> str | None:
    number = phone_of(f"+{value.removeprefix('+')}", None)
    return number and number[1:]


_ADDRESS: Mapping[str, tuple[Callable[[str], str | None], str]] = {
    "email": (email_of, "an e-mail address"),
    "phone": (lambda value: phone_of(value, None), "a number in E.164, as +4930123456"),
    "whatsapp": (_digits, "a number with its country code"),
}
"""How an address on a channel is checked; the others are opaque ids of their providers."""


class ConsentData(Strict):
    """May we send messages of this purpose on this channel?"""

    channel: ChannelName
    purpose: Literal["service", "marketing"] = "service"
    granted: bool


class Person(Strict):
    """The customer. `id` is the shop's own; `addresses` maps channel names to addresses."""

    id: Id
    name: Line | None = None
    language: Language | None = None
    time_zone: Zone | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    preferred_channel: ChannelName | None = None
    addresses: Annotated[dict[ChannelName, Line], Field(max_length=20)] = {}
    consents: Annotated[tuple[ConsentData, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _addresses_fit(self) -> "Person":
        for channel, value in self.addresses.items():
            check, form = _ADDRESS.get(channel, (str, ""))
            if check(value) is None:
                raise ValueError(f"addresses.{channel}: not {form}")
        return self

    def contact(self, workspace: str) -> Contact:
        """With the addresses as the channels write them."""
        addresses = {
            channel: _ADDRESS.get(channel, (str, ""))[0](value) or value
            for channel, value in self.addresses.items()
        }
        phone = addresses.get("phone") or f"+{addresses.get('whatsapp', '')}"
        return Contact(
            id=contact_id(workspace, addresses, self.id),
            name=self.name,
            language=self.language,
            time_zone=self.time_zone or zone_of(self.country, None, phone),
            country=self.country,
            preferred_channel=self.preferred_channel,
            addresses=addresses,
            consents=tuple(Consent(**dict(consent)) for consent in self.consents),
        )


class ShipmentData(Strict):
    """A parcel. `promised` is the day promised with the order, `expected` the day as known now."""

    shipment: Id
    order: Id | None = None
    state: ShipmentState
    raw_state: Annotated[str, Field(max_length=300)] = ""
    promised: date | None = None
    expected: date | None = None
    carrier: Line | None = None
    tracking_url: Annotated[str, Field(pattern=r"^https?://[^\s]{1,1000}$")] | None = None
    contact: Person | None = None


class OrderData(Strict):
    """An order; its contact serves every later event about its shipments."""

    order: Id
    number: Line | None = None
    state: OrderState
    shipments: Annotated[tuple[Id, ...], Field(max_length=200)] = ()
    contact: Person | None = None


class StockData(Strict):
    """How many of a product can be sold; `waiting` are those who asked to be told."""

    product: Id
    title: Line | None = None
    available: Annotated[int, Field(ge=0)]
    waiting: Annotated[tuple[Person, ...], Field(max_length=200)] = ()


class ShipmentDelivery(Strict):
    """A whole body. `timestamp` is when it happened, which need not be when it was sent."""

    type: Literal["shipment.changed"]
    timestamp: Moment
    data: ShipmentData


class OrderDelivery(Strict):
    """The same for an order."""

    type: Literal["order.changed"]
    timestamp: Moment
    data: OrderData


class StockDelivery(Strict):
    """The same for a stock level."""

    type: Literal["stock.changed"]
    timestamp: Moment
    data: StockData


Delivery = ShipmentDelivery | OrderDelivery | StockDelivery

DELIVERY: TypeAdapter[Delivery] = TypeAdapter(Annotated[Delivery, Field(discriminator="type")])
"""Reads a body. Raises pydantic's ValidationError."""
