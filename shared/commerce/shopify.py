"""Shopify (Shopify, "Webhooks": HTTPS delivery, topics and Admin API payloads)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from shared.channels import HttpRequest, Skipped, Unprocessed
from shared.channels.payload import read_item, read_object
from shared.commerce import Fact, FactItem
from shared.commerce.people import contact
from shared.commerce.shopify_wire import (
    Address,
    Customer,
    Fulfillment,
    FulfillmentEvent,
    InventoryLevel,
    Order,
    Refund,
)
from shared.commerce.wire import body_key, first, moment_of, newest, signed_index
from shared.config.models import CommerceSource
from shared.errors import PayloadInvalid, SignatureInvalid
from shared.events.commerce import (
    Consent,
    Contact,
    OrderChanged,
    OrderState,
    ShipmentChanged,
    ShipmentState,
    StockChanged,
)

ORDER_TOPICS: Mapping[str, OrderState] = {
    "orders/create": "created",
    "orders/updated": "updated",
    "orders/edited": "updated",
    "orders/paid": "paid",
    "orders/cancelled": "cancelled",
    "orders/fulfilled": "fulfilled",
    "orders/partially_fulfilled": "updated",
}

PRIVACY_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})
"""Mandatory for every app: kept whole for whoever answers them."""

NOTHING_TO_US = frozenset(
    {
        "app/uninstalled",
        "fulfillment_events/delete",
        "inventory_levels/connect",
        "inventory_levels/disconnect",
        "orders/delete",
        "products/create",
        "products/delete",
        "products/update",
    }
)

SHIPMENT_STATES: Mapping[str, ShipmentState] = {
    "label_printed": "label_created",
    "label_purchased": "label_created",
    "confirmed": "label_created",
    "carrier_picked_up": "accepted",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "attempted_delivery": "attempted",
    "ready_for_pickup": "ready_for_pickup",
    "picked_up": "delivered",
    "delivered": "delivered",
    "delayed": "delayed",
    "failure": "exception_hold",
}
"""`shipment_status` of a fulfillment and `status` of a fulfillment event."""

FULFILLMENT_STATES: Mapping[str, ShipmentState] = {
    "pending": "label_created",
    "open": "label_created",
    "success": "label_created",
    "cancelled": "cancelled",
    "error": "exception_hold",
    "failure": "exception_hold",
}
"""`status` of a fulfillment whose parcel has not reported yet."""


class Shopify:
    """Orders, fulfillments and stock of one shop."""

    name: ClassVar[str] = "shopify"
    body_bytes: ClassVar[int] = 1_048_576

    def verify(self, request: HttpRequest, source: CommerceSource, now: datetime) -> int:
        """`X-Shopify-Hmac-Sha256` over the raw body; one app's secret may serve many shops."""
        index = signed_index(_header(request, "hmac-sha256"), request.body, source.secret)
        shop = _header(request, "shop-domain").lower()
        if source.shop and shop != source.shop.lower():
            raise SignatureInvalid("the webhook is another shop's")
        return index

    def parse(
        self, request: HttpRequest, source: CommerceSource, now: datetime
    ) -> Sequence[FactItem]:
        """The fact of one topic; topics we have no use for are skipped, privacy requests kept."""
        topic = _header(request, "topic")
        if topic in PRIVACY_TOPICS:
            return [Unprocessed(None, "privacy_request", topic, request.body)]
        if topic in NOTHING_TO_US:
            return [Skipped(topic)]
        body = read_object(request.body)
        reader = "orders" if topic in ORDER_TOPICS else topic
        if reader not in _READERS:
            return [Unprocessed(None, "unknown_type", topic[:100], request.body)]
        try:
            return [_READERS[reader](_Delivery(request, source, topic, now), body)]
        except PayloadInvalid as error:
            return [Unprocessed(None, error.code, topic, request.body, str(error))]


class _Delivery:
    """One request's headers and source."""

    def __init__(
        self, request: HttpRequest, source: CommerceSource, topic: str, now: datetime
    ) -> None:
        self.source = source
        self.topic = topic
        self._request = request
        self._now = now

    def id(self, resource: str) -> str:
        """The same for every retry, and for a second subscription to the same topic."""
        event = _header(self._request, "event-id")[:100]
        once = f"{event}:{self.topic}:{resource}" if event else ""
        delivery = _header(self._request, "webhook-id")[:100]
        return f"{self.source.name}:{once or delivery or body_key(self._request)}"

    def at(self, *moments: datetime | None) -> datetime:
        """When it happened: the resource says so, else the delivery."""
        return newest([m for m in moments if m] or [self._triggered()], self._now)

    def _triggered(self) -> datetime | None:
        return moment_of(_header(self._request, "triggered-at"))


def _order(delivery: _Delivery, body: dict[str, Any]) -> FactItem:
    order = read_item(Order, body, "order")
    event = OrderChanged(
        id=delivery.id(order.id),
        workspace=delivery.source.workspace,
        source=delivery.source.name,
        order=order.id,
        number=order.name,
        state=_order_state(order, delivery.topic),
        shipments=tuple(fulfillment.id for fulfillment in order.fulfillments or ()),
        contact=_contact(order, delivery.source.workspace),
        occurred_at=delivery.at(order.updated_at, order.cancelled_at),
    )
    return Fact(f"order/{order.id}", event)


def _order_state(order: Order, topic: str) -> OrderState:
    """The order itself says more than the topic: deliveries overtake each other."""
    if order.cancelled_at is not None:
        return "cancelled"
    return "refunded" if order.financial_status == "refunded" else ORDER_TOPICS[topic]


def _refund(delivery: _Delivery, body: dict[str, Any]) -> FactItem:
    """The order's own update follows and says whether all of it was refunded."""
    refund = read_item(Refund, body, "refund")
    event = OrderChanged(
        id=delivery.id(refund.id),
        workspace=delivery.source.workspace,
        source=delivery.source.name,
        order=refund.order_id,
        state="updated",
        occurred_at=delivery.at(refund.processed_at, refund.created_at),
    )
    return Fact(f"order/{refund.order_id}", event)


def _fulfillment(delivery: _Delivery, body: dict[str, Any]) -> FactItem:
    parcel = read_item(Fulfillment, body, "fulfillment")
    moving = SHIPMENT_STATES.get(parcel.shipment_status or "")
    ended = parcel.status if parcel.status in ("cancelled", "error", "failure") else ""
    event = ShipmentChanged(
        id=delivery.id(parcel.id),
        workspace=delivery.source.workspace,
        source=delivery.source.name,
        shipment=parcel.id,
        order=parcel.order_id,
        state=FULFILLMENT_STATES.get(ended)
        or moving
        or FULFILLMENT_STATES.get(parcel.status, "unknown"),
        raw_state=first(parcel.shipment_status, parcel.status) or "",
        carrier=parcel.tracking_company,
        tracking_url=first(parcel.tracking_url, *(parcel.tracking_urls or ())),
        occurred_at=delivery.at(parcel.updated_at, parcel.created_at),
    )
    return Fact(f"order/{parcel.order_id}", event)


def _fulfillment_event(delivery: _Delivery, body: dict[str, Any]) -> FactItem:
    step = read_item(FulfillmentEvent, body, "fulfillment_event")
    event = ShipmentChanged(
        id=delivery.id(step.id),
        workspace=delivery.source.workspace,
        source=delivery.source.name,
        shipment=step.fulfillment_id,
        order=step.order_id,
        state=SHIPMENT_STATES.get(step.status, "unknown"),
        raw_state=step.status,
        expected=step.estimated_delivery_at,
        occurred_at=delivery.at(step.happened_at, step.created_at, step.updated_at),
    )
    return Fact(f"order/{step.order_id}", event)


def _stock(delivery: _Delivery, body: dict[str, Any]) -> FactItem:
    """Stock is counted per place: a rise from 0 somewhere is a rise from 0."""
    level = read_item(InventoryLevel, body, "inventory_level")
    if level.available is None:
        return Skipped(delivery.topic)  # this place does not count it
    product = f"{level.inventory_item_id}@{level.location_id}"
    event = StockChanged(
        id=delivery.id(f"{product}:{level.available}"),
        workspace=delivery.source.workspace,
        source=delivery.source.name,
        product=product,
        available=level.available,
        occurred_at=delivery.at(level.updated_at),
    )
    return Fact(f"product/{product}", event)


_READERS: Mapping[str, Callable[[_Delivery, dict[str, Any]], FactItem]] = {
    "orders": _order,
    "refunds/create": _refund,
    "fulfillments/create": _fulfillment,
    "fulfillments/update": _fulfillment,
    "fulfillment_events/create": _fulfillment_event,
    "inventory_levels/update": _stock,
}


def _header(request: HttpRequest, name: str) -> str:
    """With the prefix of webhooks, or without it as the newer "Events" send it."""
    headers = request.headers
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}", "")


def _contact(order: Order, workspace: str) -> Contact | None:
    customer = order.customer or Customer()
    place = order.shipping_address or order.billing_address or Address()
    name = " ".join(filter(None, (customer.first_name, customer.last_name)))
    return contact(
        workspace,
        customer.id,
        email=first(order.email, order.contact_email, customer.email),
        phone=first(order.phone, customer.phone, place.phone),
        name=first(name, place.name),
        language=order.customer_locale,
        country=place.country_code,
        province=place.province_code,
        consents=_consents(customer),
    )


def _consents(customer: Customer) -> tuple[Consent, ...]:
    """What he said about marketing. Having no more SMS means no more calls either (47 CFR 64.1200);
    wanting SMS does not mean wanting calls."""
    by_mail, by_sms = customer.email_marketing_consent, customer.sms_marketing_consent
    consents = []
    if by_mail is not None and by_mail.state:
        granted = by_mail.state == "subscribed"
        consents.append(Consent(channel="email", purpose="marketing", granted=granted))
    if by_sms is not None and by_sms.state == "unsubscribed":
        consents.append(Consent(channel="phone", purpose="marketing", granted=False))
    return tuple(consents)
