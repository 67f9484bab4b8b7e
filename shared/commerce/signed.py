"""Our own signed event, for any shop that can make an HMAC: `docs/commerce.md` describes it.

Signed as Standard Webhooks 1.0.0 says (standard-webhooks/standard-webhooks, spec), so that its
libraries in a dozen languages can be used as they are.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr, ValidationError

from shared.channels import HttpRequest
from shared.channels.payload import read_object
from shared.commerce import Fact, FactItem
from shared.commerce.signed_wire import (
    DELIVERY,
    Delivery,
    OrderData,
    OrderDelivery,
    ShipmentData,
    ShipmentDelivery,
)
from shared.commerce.wire import body_key
from shared.config.models import CommerceSource
from shared.errors import PayloadInvalid, SignatureExpired, SignatureInvalid
from shared.events.commerce import OrderChanged, ShipmentChanged, StockChanged

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


class Signed:
    """One event per request: a shipment, an order or a stock level changed."""

    name: ClassVar[str] = "signed"
    body_bytes: ClassVar[int] = 262_144

    def verify(self, request: HttpRequest, source: CommerceSource, now: datetime) -> int:
        """Any `v1` signature of the list may fit any live secret; five minutes either way."""
        message = request.headers.get("webhook-id", "")
        sent = request.headers.get("webhook-timestamp", "")
        given = _given(request.headers.get("webhook-signature", ""))
        index = _matching(f"{message}.{sent}.".encode() + request.body, given, source.secret)
        if not (message and sent.isascii() and sent.isdigit() and len(sent) <= 12):
            raise SignatureInvalid("webhook-id or webhook-timestamp is missing or malformed")
        if abs(now.timestamp() - int(sent)) > TOLERANCE_SECONDS:
            raise SignatureExpired("webhook-timestamp is more than five minutes off")
        return index

    def parse(
        self, request: HttpRequest, source: CommerceSource, now: datetime
    ) -> Sequence[FactItem]:
        """The one fact. Raises PayloadInvalid for anything undocumented: its sender can mend it."""
        try:
            delivery = DELIVERY.validate_python(read_object(request.body))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            raise PayloadInvalid(f"{where}: {first['msg']}"[:300]) from None
        return [_fact(delivery, f"{source.name}:{_message_id(request)}", source)]


def _message_id(request: HttpRequest) -> str:
    given = request.headers.get("webhook-id", "")
    return given if 0 < len(given) <= 200 else body_key(request)


def signature(secret: SecretStr, message_id: str, timestamp: int, body: bytes) -> str:
    """The `v1` signature of a delivery."""
    return f"v1,{_digest(secret, f'{message_id}.{timestamp}.'.encode() + body)}"


def _matching(content: bytes, given: Sequence[bytes], secrets: Sequence[SecretStr]) -> int:
    matched = None
    for index, secret in reversed(list(enumerate(secrets))):
        expected = _digest(secret, content).encode()
        for candidate in given:
            if hmac.compare_digest(expected, candidate):
                matched = index
    if matched is None:
        raise SignatureInvalid("webhook-signature fits no live secret")
    return matched


def _given(header: str) -> list[bytes]:
    """The `v1` signatures of a space-separated list; there are never many."""
    listed = header.split(" ")[:10]
    return [item[3:].encode() for item in listed if item.startswith("v1,")]


def _digest(secret: SecretStr, content: bytes) -> str:
    key = _key(secret.get_secret_value())
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """`whsec_` is followed by base64; any other secret is used as it stands."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _fact(delivery: Delivery, event_id: str, source: CommerceSource) -> Fact:
    if isinstance(delivery, ShipmentDelivery):
        return _shipment(delivery.data, delivery.timestamp, event_id, source)
    if isinstance(delivery, OrderDelivery):
        return _order(delivery.data, delivery.timestamp, event_id, source)
    data = delivery.data
    stock = StockChanged(
        id=event_id,
        workspace=source.workspace,
        source=source.name,
        product=data.product,
        title=data.title,
        available=data.available,
        waiting=tuple(person.contact(source.workspace) for person in data.waiting),
        occurred_at=delivery.timestamp,
    )
    return Fact(f"product/{data.product}", stock)


def _shipment(data: ShipmentData, at: datetime, event_id: str, source: CommerceSource) -> Fact:
    event = ShipmentChanged(
        id=event_id,
        workspace=source.workspace,
        source=source.name,
        shipment=data.shipment,
        order=data.order,
        state=data.state,
        raw_state=data.raw_state,
        promised=data.promised,
        expected=data.expected,
        carrier=data.carrier,
        tracking_url=data.tracking_url,
        contact=data.contact and data.contact.contact(source.workspace),
        occurred_at=at,
    )
    return Fact(f"order/{data.order}" if data.order else f"shipment/{data.shipment}", event)


def _order(data: OrderData, at: datetime, event_id: str, source: CommerceSource) -> Fact:
    event = OrderChanged(
        id=event_id,
        workspace=source.workspace,
        source=source.name,
        order=data.order,
        number=data.number,
        state=data.state,
        shipments=data.shipments,
        contact=data.contact and data.contact.contact(source.workspace),
        occurred_at=at,
    )
    return Fact(f"order/{data.order}", event)
