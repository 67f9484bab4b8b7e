"""AfterShip Tracking (AfterShip, "Tracking webhooks": `tracking_update`, `edd_revise`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import ClassVar

from shared.channels import HttpRequest, Unprocessed
from shared.channels.payload import Few, Wire, read_item, read_object
from shared.commerce import Fact, FactItem
from shared.commerce.people import contact
from shared.commerce.wire import Day, When, body_key, first, newest, signed_index
from shared.config.models import CommerceSource
from shared.errors import PayloadInvalid
from shared.events.commerce import Contact, ShipmentChanged, ShipmentState

TAGS: Mapping[str, ShipmentState] = {
    "Pending": "unknown",
    "InfoReceived": "label_created",
    "InTransit": "in_transit",
    "OutForDelivery": "out_for_delivery",
    "AttemptFail": "attempted",
    "AvailableForPickup": "ready_for_pickup",
    "Delivered": "delivered",
    "Exception": "exception_hold",
    "Expired": "expired",
}
"""The main state; a subtag of the next table says more."""

SUBTAGS: Mapping[str, ShipmentState] = {
    "InTransit_002": "accepted",
    "InTransit_006": "customs",
    "Exception_002": "exception_address",
    "Exception_003": "returning",
    "Exception_004": "delayed",
    "Exception_005": "delayed",
    "Exception_006": "exception_hold",
    "Exception_007": "exception_address",
    "Exception_008": "exception_hold",
    "Exception_009": "exception_hold",
    "Exception_010": "returning",
    "Exception_011": "returned",
    "Exception_012": "damaged",
    "Exception_013": "lost",
    "Exception_016": "delayed",
    "Exception_017": "delayed",
    "Exception_018": "exception_hold",
    "Exception_019": "delayed",
    "Exception_020": "cancelled",
    "Exception_021": "lost",
}

_EVENTS = frozenset({"tracking_update", "edd_revise", "tracking_pending_time"})


class _Estimate(Wire):
    """One of several forms an estimate comes in; the later end of a range is what counts."""

    datetime_max: Day = None
    datetime: Day = None
    estimated_delivery_date_max: Day = None
    estimated_delivery_date: Day = None

    @property
    def day(self) -> date | None:
        return (
            self.datetime_max
            or self.datetime
            or self.estimated_delivery_date_max
            or self.estimated_delivery_date
        )


class _Customer(Wire):
    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone_number: str | None = None
    language: str | None = None


class _Tracking(Wire):
    id: str = ""
    tracking_number: str
    slug: str | None = None
    tag: str = ""
    subtag: str | None = None
    order_id: str | None = None
    order_number: str | None = None
    customer_name: str | None = None
    customers: Few[_Customer] | None = None
    emails: Few[str] | None = None
    smses: Few[str] | None = None
    language: str | None = None
    destination_country_iso3: str | None = None
    destination_country_region: str | None = None
    destination_state: str | None = None
    courier_tracking_link: str | None = None
    return_to_sender: bool | None = None
    updated_at: When = None
    last_updated_at: When = None
    shipment_delivery_date: Day = None
    expected_delivery: Day = None
    order_promised_delivery_date: Day = None
    first_estimated_delivery: _Estimate | None = None
    latest_estimated_delivery: _Estimate | None = None
    custom_estimated_delivery_date: _Estimate | None = None
    aftership_estimated_delivery_date: _Estimate | None = None
    courier_estimated_delivery_date: _Estimate | None = None


class AfterShip:
    """Tracking updates of every carrier AfterShip follows."""

    name: ClassVar[str] = "aftership"
    body_bytes: ClassVar[int] = 1_048_576

    def verify(self, request: HttpRequest, source: CommerceSource, now: datetime) -> int:
        """`aftership-hmac-sha256` over the raw body."""
        given = request.headers.get("aftership-hmac-sha256", "")
        return signed_index(given, request.body, source.secret)

    def parse(
        self, request: HttpRequest, source: CommerceSource, now: datetime
    ) -> Sequence[FactItem]:
        """One shipment; what cannot be read is kept, not refused: the sender cannot mend it."""
        body = read_object(request.body)
        event = str(body.get("event"))
        if event not in _EVENTS:
            return [Unprocessed(None, "unknown_type", event[:100], request.body)]
        try:
            tracking = read_item(_Tracking, body.get("msg"), "msg")
        except PayloadInvalid as error:
            return [Unprocessed(None, error.code, event, request.body, str(error))]
        given = body.get("event_id")
        named = isinstance(given, str) and 0 < len(given) <= 200
        dedupe = str(given) if named else body_key(request)
        return [_fact(tracking, dedupe, source, newest(_sent(body), now))]


def _sent(body: Mapping[str, object]) -> list[datetime | None]:
    at = body.get("ts")
    known = isinstance(at, int) and 0 <= at < 253_402_300_800
    return [datetime.fromtimestamp(at, UTC)] if known and isinstance(at, int) else []


def _fact(tracking: _Tracking, dedupe: str, source: CommerceSource, sent: datetime) -> Fact:
    order = first(tracking.order_id, tracking.order_number)
    shipment = "".join(tracking.tracking_number.split()).upper()
    event = ShipmentChanged(
        id=f"{source.name}:{dedupe}",
        workspace=source.workspace,
        source=source.name,
        shipment=shipment,
        order=order,
        state=_state(tracking),
        raw_state=first(tracking.subtag, tracking.tag) or "",
        promised=_promised(tracking),
        expected=_expected(tracking),
        carrier=tracking.slug,
        tracking_url=tracking.courier_tracking_link,
        contact=_contact(tracking, source.workspace),
        occurred_at=newest([tracking.updated_at, tracking.last_updated_at], sent),
    )
    return Fact(f"order/{order}" if order else f"shipment/{shipment}", event)


def _state(tracking: _Tracking) -> ShipmentState:
    state = SUBTAGS.get(tracking.subtag or "") or TAGS.get(tracking.tag, "unknown")
    return "returned" if state == "delivered" and tracking.return_to_sender else state


def _promised(tracking: _Tracking) -> date | None:
    """What was promised with the order; else the first estimate, made at the purchase."""
    estimate = tracking.first_estimated_delivery
    return tracking.order_promised_delivery_date or (estimate.day if estimate else None)


def _expected(tracking: _Tracking) -> date | None:
    estimates = (
        tracking.latest_estimated_delivery,
        tracking.custom_estimated_delivery_date,
        tracking.aftership_estimated_delivery_date,
        tracking.courier_estimated_delivery_date,
    )
    days = (estimate.day for estimate in estimates if estimate is not None)
    estimated = next((day for day in days if day is not None), tracking.expected_delivery)
    return tracking.shipment_delivery_date or estimated


def _contact(tracking: _Tracking, workspace: str) -> Contact | None:
    buyers = sorted(tracking.customers or (), key=lambda customer: customer.role != "buyer")
    buyer = buyers[0] if buyers else _Customer()
    return contact(
        workspace,
        None,
        email=first(*(tracking.emails or ()), buyer.email),
        phone=first(*(tracking.smses or ()), buyer.phone_number),
        name=first(tracking.customer_name, buyer.name),
        language=first(tracking.language, buyer.language),
        country=first(tracking.destination_country_region, tracking.destination_country_iso3),
        province=tracking.destination_state,
    )
