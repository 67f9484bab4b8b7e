"""Meta's side of a webhook and of a Graph API call.

Written from Meta's documentation and not from our channels, so that the two check each other.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from patchbay.demo.providers.messaging import json_reply
from shared.channels import HttpReply, HttpRequest

_PATH = re.compile(r"/v\d+\.\d+/(?P<node>\d+)/messages$")


@dataclass(frozen=True, slots=True)
class App:
    """Our app at Meta: what signs its webhooks, what authorises our calls, where webhooks go."""

    secret: str
    access_token: str
    webhook: str


def notification(app: App, kind: str, entries: list[dict[str, Any]]) -> HttpRequest:
    """A signed notification. Non-ASCII characters are escaped, as Meta does."""
    body = json.dumps({"object": kind, "entry": entries}).encode()
    headers = {
        "content-type": "application/json",
        "x-hub-signature-256": f"sha256={_signature(app.secret, body)}",
        "user-agent": "facebookexternalua",
    }
    return HttpRequest("POST", app.webhook, headers, body)


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verification(app: App, token: str, challenge: str) -> HttpRequest:
    """The GET by which Meta verifies a webhook address; the answer must be the challenge."""
    query = f"hub.mode=subscribe&hub.verify_token={quote(token)}&hub.challenge={quote(challenge)}"
    return HttpRequest("GET", f"{app.webhook}?{query}")


def refusal(app: App, request: HttpRequest, node: str) -> HttpReply | None:
    """Why a call to this number's or page's `messages` fails before its content is looked at."""
    if request.headers.get("authorization") != f"Bearer {app.access_token}":
        return error(401, 190, "Invalid OAuth access token - Cannot parse access token")
    found = _PATH.search(urlsplit(request.url).path)
    if request.method != "POST" or found is None or found["node"] != node:
        return error(400, 100, "Unsupported post request", error_subcode=33)
    return None


def error(status: int, code: int, message: str, **more: Any) -> HttpReply:
    """A Graph API error."""
    content: Mapping[str, Any] = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Aloopback",
        **more,
    }
    return json_reply(status, {"error": content})
