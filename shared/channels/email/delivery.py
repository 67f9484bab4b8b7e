"""How a mail reaches us: one shape for SMTP, LMTP and Mailgun's webhook.

The listener hands a mail over as a request of method `SMTP` to `smtp:`; its headers are the
envelope (RFC 5321): `envelope-from`, empty for the null sender, `envelope-to`, one or more of our
addresses separated by spaces, and `peer`. The body is the message as it came. An HTTP request can
never look like this: its address begins with `http`.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.channels import HttpRequest
from shared.channels.email.addresses import plain
from shared.channels.email.form import form_fields
from shared.channels.email.settings import EmailSettings
from shared.errors import PayloadInvalid, SignatureExpired, SignatureInvalid

_TIMESTAMP = re.compile(r"\d{1,11}")
SMTP = "SMTP"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail with its envelope. `sender` is as it was given, empty for the null sender."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


def by_smtp(sender: str, recipients: Sequence[str], content: bytes, peer: str = "") -> HttpRequest:
    """What the SMTP listener passes on."""
    headers = {
        "envelope-from": sender.removeprefix("<").removesuffix(">"),
        "envelope-to": " ".join(recipients),
        "peer": peer,
    }
    return HttpRequest(SMTP, "smtp:", headers, content)


def is_smtp(request: HttpRequest) -> bool:
    """Did our own listener make this request?"""
    return request.method == SMTP and request.url == "smtp:"


def read_delivery(request: HttpRequest) -> Delivery:
    """The mail in a request. Raises PayloadInvalid."""
    if is_smtp(request):
        sender, to = request.headers.get("envelope-from", ""), request.headers["envelope-to"]
        return Delivery(sender.strip(), tuple(filter(None, map(plain, to.split()))), request.body)
    fields = form_fields(request)
    content = fields.get("body-mime")
    if not content:
        raise PayloadInvalid("body-mime is missing: let the route's address end in /mime")
    recipients = (plain(_text(fields, "recipient")),)
    sender = _text(fields, "sender").removeprefix("<").removesuffix(">")
    return Delivery(sender, tuple(filter(None, recipients)), content)


def verify_mailgun(request: HttpRequest, account: EmailSettings, now: datetime) -> int:
    """Mailgun, Securing Webhooks: hex HMAC-SHA256 over timestamp and token, by the signing key.

    Returns the index of the key that matched. Raises SignatureInvalid or SignatureExpired.
    """
    try:
        fields = form_fields(request)
    except PayloadInvalid as error:
        raise SignatureInvalid("not a signed form") from error
    timestamp, token = _text(fields, "timestamp"), _text(fields, "token")
    signature = _text(fields, "signature").encode()
    if not _TIMESTAMP.fullmatch(timestamp) or not token:
        raise SignatureInvalid("timestamp or token is missing")
    index = _matching_key(account, (timestamp + token).encode(), signature)
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    if abs(age.total_seconds()) > account.webhook_seconds:
        raise SignatureExpired("the timestamp is too far from now")
    return index


def one_time_token(request: HttpRequest) -> str | None:
    """Mailgun's token, made for one request only: a second use is a replay."""
    if is_smtp(request):
        return None
    return _text(form_fields(request), "token") or None


def _matching_key(account: EmailSettings, signed: bytes, signature: bytes) -> int:
    found = -1
    for index, key in reversed(list(enumerate(account.webhook_keys))):
        expected = hmac.digest(key.get_secret_value().encode(), signed, hashlib.sha256).hex()
        if hmac.compare_digest(expected.encode(), signature):
            found = index
    if found < 0:
        raise SignatureInvalid("no live signing key made this signature")
    return found


def _text(fields: dict[str, bytes], name: str) -> str:
    return fields.get(name, b"")[:1000].decode("utf-8", "replace").strip()
