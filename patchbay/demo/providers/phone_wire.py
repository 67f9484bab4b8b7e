"""Twilio's wire formats, from Twilio's side: signed webhooks, TwiML read back, REST answers.

Written from Twilio's documentation and not from our channel, so that the two check each other.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode
from xml.etree import ElementTree

from shared.channels import HttpReply, HttpRequest

FORM = "application/x-www-form-urlencoded; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Line:
    """One account at the provider. `webhook` is the Voice URL configured on `number`."""

    account_sid: str
    auth_token: str
    number: str
    webhook: str


@dataclass(frozen=True, slots=True)
class Verb:
    """One TwiML element: its name, text, attributes and children."""

    name: str
    text: str
    attributes: Mapping[str, str]
    inside: tuple["Verb", ...] = ()


def webhook(line: Line, url: str, form: Mapping[str, str], token: str) -> HttpRequest:
    """A webhook as Twilio sends it: fragment kept back, form signed, the same token on a retry."""
    address = urldefrag(url).url
    headers = {
        "content-type": FORM,
        "x-twilio-signature": _signature(address, form, line.auth_token),
        "i-twilio-idempotency-token": token,
        "user-agent": "TwilioProxy/1.1",
    }
    return HttpRequest("POST", address, headers, urlencode(form).encode())


def retries(url: str) -> int:
    """How often a webhook is repeated, by the connection overrides in its fragment; default 1."""
    overrides = dict(parse_qsl(urldefrag(url).fragment))
    given = overrides.get("rc", "1")
    return min(int(given), 5) if given.isdigit() else 1


def read_twiml(body: bytes) -> tuple[Verb, ...]:
    """The verbs of a document. Raises ValueError for what Twilio would refuse (12100, 12200)."""
    if len(body) > 65_536:
        raise ValueError("TwiML is longer than 64 KB")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - our own services wrote it
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from None
    if root.tag != "Response":
        raise ValueError("TwiML begins with Response")
    return tuple(_verb(element) for element in root)


def signed_in(request: HttpRequest, line: Line) -> bool:
    """HTTP Basic with the account's SID and token."""
    pair = f"{line.account_sid}:{line.auth_token}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}"
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())


def json_reply(status: int, content: Mapping[str, object]) -> HttpReply:
    """A REST answer."""
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(content).encode())


def error_reply(status: int, code: int, message: str) -> HttpReply:
    """A REST error as Twilio writes it."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    content = {"code": code, "message": message, "more_info": info, "status": status}
    return json_reply(status, content)


def _signature(url: str, form: Mapping[str, str], token: str) -> str:
    text = url
    for name in sorted(form):
        text += name + form[name]
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def _verb(element: ElementTree.Element) -> Verb:
    inside = tuple(_verb(child) for child in element)
    return Verb(element.tag, (element.text or "").strip(), dict(element.attrib), inside)
