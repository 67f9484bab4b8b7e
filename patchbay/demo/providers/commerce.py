"""Shops and carriers, from their side: signed webhooks about an order and its late parcel.

Written from their documentation and not from our sources, so that the two check each other.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from shared.channels import HttpRequest


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who ordered. `channel` is the one he wants to be told on."""

    number: str
    name: str
    email: str
    phone: str
    language: str
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel on its way: promised for one day, expected on another."""

    shipment: str
    order: str
    promised: date
    expected: date
    buyer: Buyer


def aftership(url: str, secret: str, parcel: Parcel, now: datetime) -> HttpRequest:
    """AfterShip `tracking_update`: the carrier reports a delay."""
    buyer = parcel.buyer
    tracking = {
        "id": f"trk-{parcel.shipment}",
        "tracking_number": parcel.shipment,
        "slug": "dhl",
        "tag": "Exception",
        "subtag": "Exception_005",
        "subtag_message": "Delayed (External factors)",
        "order_id": parcel.order,
        "customer_name": buyer.name,
        "emails": [buyer.email],
        "smses": [buyer.phone],
        "language": buyer.language,
        "destination_country_iso3": "DEU",
        "order_promised_delivery_date": parcel.promised.isoformat(),
        "latest_estimated_delivery": {"type": "specific", "datetime": parcel.expected.isoformat()},
        "updated_at": now.isoformat(),
    }
    body = {
        "ts": int(now.timestamp()),
        "event": "tracking_update",
        "event_id": f"evt-{parcel.shipment}",
        "is_tracking_first_tag": True,
        "msg": tracking,
    }
    return _post(url, body, lambda raw: {"aftership-hmac-sha256": _hmac(secret, raw)})


def shopify_order(url: str, secret: str, parcel: Parcel, now: datetime) -> HttpRequest:
    """Shopify `orders/create`: what later events of the parcel refer to."""
    first, _, last = parcel.buyer.name.partition(" ")
    order = {
        "id": parcel.order,
        "name": f"#{parcel.order}",
        "email": parcel.buyer.email,
        "phone": parcel.buyer.phone,
        "customer_locale": parcel.buyer.language,
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "cancelled_at": None,
        "financial_status": "paid",
        "customer": {"id": parcel.buyer.number, "first_name": first, "last_name": last},
        "shipping_address": {"country_code": "DE", "phone": parcel.buyer.phone},
        "fulfillments": [{"id": parcel.shipment, "order_id": parcel.order}],
    }
    return _shopify(url, secret, "orders/create", parcel.order, order, now)


def shopify_delay(url: str, secret: str, parcel: Parcel, now: datetime) -> HttpRequest:
    """Shopify `fulfillment_events/create` with status `delayed`."""
    event = {
        "id": f"fe-{parcel.shipment}",
        "fulfillment_id": parcel.shipment,
        "order_id": parcel.order,
        "status": "delayed",
        "happened_at": now.isoformat(),
        "created_at": now.isoformat(),
        "estimated_delivery_at": f"{parcel.expected.isoformat()}T18:00:00+00:00",
    }
    return _shopify(url, secret, "fulfillment_events/create", parcel.shipment, event, now)


def signed_order(url: str, secret: str, parcel: Parcel, now: datetime) -> HttpRequest:
    """Our own event `order.changed`."""
    data = {
        "order": parcel.order,
        "number": f"#{parcel.order}",
        "state": "created",
        "shipments": [parcel.shipment],
        "contact": _person(parcel.buyer),
    }
    return _signed(url, secret, "order.changed", f"ord-{parcel.order}", data, now)


def signed_delay(url: str, secret: str, parcel: Parcel, now: datetime) -> HttpRequest:
    """Our own event `shipment.changed` with state `delayed`."""
    data = {
        "shipment": parcel.shipment,
        "order": parcel.order,
        "state": "delayed",
        "raw_state": "held up in the sorting centre",
        "promised": parcel.promised.isoformat(),
        "expected": parcel.expected.isoformat(),
        "carrier": "DHL",
        "contact": _person(parcel.buyer),
    }
    return _signed(url, secret, "shipment.changed", f"shp-{parcel.shipment}", data, now)


Source = Literal["aftership", "shopify", "signed"]


def late(source: Source, url: str, secret: str, parcel: Parcel, now: datetime) -> list[HttpRequest]:
    """Everything a source sends about a parcel that is late, in order."""
    if source == "aftership":
        return [aftership(url, secret, parcel, now)]
    if source == "shopify":
        return [shopify_order(url, secret, parcel, now), shopify_delay(url, secret, parcel, now)]
    return [signed_order(url, secret, parcel, now), signed_delay(url, secret, parcel, now)]


def _person(buyer: Buyer) -> dict[str, Any]:
    return {
        "id": buyer.number,
        "name": buyer.name,
        "language": buyer.language,
        "time_zone": "Europe/Berlin",
        "preferred_channel": buyer.channel,
        "addresses": {"email": buyer.email, buyer.channel: buyer.address},
        "consents": [{"channel": buyer.channel, "granted": True}],
    }


def _shopify(
    url: str, secret: str, topic: str, resource: str, body: Mapping[str, Any], now: datetime
) -> HttpRequest:
    def headers(raw: bytes) -> dict[str, str]:
        return {
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": _hmac(secret, raw),
            "x-shopify-shop-domain": "demo.myshopify.com",
            "x-shopify-webhook-id": f"wh-{topic}-{resource}",
            "x-shopify-event-id": f"ev-{topic}-{resource}",
            "x-shopify-triggered-at": now.astimezone(UTC).isoformat(),
        }

    return _post(url, body, headers)


def _signed(
    url: str, secret: str, kind: str, message: str, data: Mapping[str, Any], now: datetime
) -> HttpRequest:
    sent = str(int(now.timestamp()))

    def headers(raw: bytes) -> dict[str, str]:
        signature = _hmac(secret, f"{message}.{sent}.".encode() + raw)
        return {
            "webhook-id": message,
            "webhook-timestamp": sent,
            "webhook-signature": f"v1,{signature}",
        }

    return _post(url, {"type": kind, "timestamp": now.isoformat(), "data": data}, headers)


def _hmac(secret: str, content: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()


def _post(
    url: str, body: Mapping[str, Any], headers: Callable[[bytes], dict[str, str]]
) -> HttpRequest:
    raw = json.dumps(body).encode()
    return HttpRequest("POST", url, {"content-type": "application/json", **headers(raw)}, raw)
