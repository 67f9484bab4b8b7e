"""Apple's gateway: customers' messages to us, and its answers to our calls.

Written from Apple's documentation and not from our channel, so that the two check each other.
"""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from patchbay.demo.providers.messaging import Answer, Delivered, json_body
from shared.channels import HttpReply, HttpRequest

_SAME = (("id", "id"), ("source-id", "sourceId"), ("destination-id", "destinationId"))
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Business:
    """A business and its provider. `secret` is base64 text; `webhook` is the provider's address,
    to which Apple adds `/message` by itself where it is configured so.
    """

    msp_id: str
    business_id: str
    secret: str
    webhook: str


def text_message(
    business: Business, customer: str, text: str, message_id: str, now: datetime, intent: str = ""
) -> HttpRequest:
    """A customer wrote; `message_id` is a UUID."""
    more = {"intent": intent} if intent else {}
    return event(business, customer, "text", message_id, now, {"body": text, **more})


def event(
    business: Business,
    customer: str,
    kind: str,
    message_id: str,
    now: datetime,
    content: Mapping[str, Any],
) -> HttpRequest:
    """Any post of Apple's: `typing_start`, `close`, `interactive`, … signed and compressed."""
    body = {
        "v": 1,
        "id": message_id,
        "type": kind,
        "sourceId": customer,
        "destinationId": business.business_id,
        "locale": "en_US",
        **content,
    }
    headers = {
        "authorization": f"Bearer {_token(business, {'aud': business.msp_id}, now)}",
        "content-type": "application/json",
        "content-encoding": "gzip",
        "id": message_id,
        "source-id": customer,
        "destination-id": business.business_id,
        "device-agent": "iPhone OS",
        "capability-list": "QUICK,LIST,TIME",
    }
    compressed = gzip.compress(json.dumps(body).encode(), mtime=0)
    return HttpRequest("POST", business.webhook, headers, compressed)


def answer(
    business: Business, request: HttpRequest, now: datetime, *, conversation_open: bool = True
) -> Answer:
    """What the gateway says to a message of ours; a taken one is answered by an empty body."""
    token = request.headers.get("authorization", "")
    if not token:
        return HttpReply(401), None
    if not _believes(business, token.removeprefix("Bearer "), now):
        return HttpReply(403), None
    body = json_body(request)
    if not _well_formed(request, body, business):
        return HttpReply(400), None
    if not conversation_open:
        return HttpReply(404), None
    link = body.get("richLinkData", {}).get("url")
    taken = Delivered(
        customer=str(body["destinationId"]),
        text=str(body.get("body") or link),
        provider_id=str(body["id"]),
        files=(str(link),) if link else (),
    )
    return HttpReply(200), taken


def _well_formed(request: HttpRequest, body: dict[str, Any], business: Business) -> bool:
    same = all(body.get(key) and request.headers.get(name) == body[key] for name, key in _SAME)
    content = {"text": "body", "richLink": "richLinkData"}.get(str(body.get("type")))
    return (
        request.method == "POST"
        and urlsplit(request.url).path.endswith("/message")
        and same
        and body.get("v") == 1
        and body["sourceId"] == business.business_id
        and request.headers.get("auto-reply") in ("true", "false")
        and content is not None
        and bool(body.get(content))
    )


def _token(business: Business, claims: Mapping[str, Any], now: datetime) -> str:
    """RFC 7519 with HS256, by hand."""
    whole = {**claims, "iat": int(now.timestamp())}
    head = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(whole)}"
    return f"{head}.{_sign(business, head)}"


def _believes(business: Business, token: str, now: datetime) -> bool:
    head, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _sign(business, head).encode()):
        return False
    payload = head.partition(".")[2]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    fresh = abs(claims.get("iat", 0) - now.timestamp()) <= _HOUR
    return bool(claims.get("iss") == business.msp_id and fresh)


def _sign(business: Business, head: str) -> str:
    digest = hmac.digest(base64.b64decode(business.secret), head.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _encode(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
