"""The way out of our advertising: one click (RFC 8058) or a mail (RFC 2369), both signed."""

import re
from collections.abc import Sequence
from datetime import datetime

from shared.channels import HttpRequest, Incoming, Item
from shared.channels.email.form import form_fields
from shared.channels.email.settings import EmailSettings
from shared.channels.email.tokens import Tokens
from shared.errors import PayloadInvalid, SignatureInvalid
from shared.events.inbound import Action, Sender
from shared.ids import derived_id

_PATH = re.compile(r"[^?#]*/unsubscribe/([A-Za-z0-9._]{1,700})(?:[?#].*)?")


def is_click(request: HttpRequest) -> bool:
    """Did a mail program ask our one-click address?"""
    return _PATH.fullmatch(request.url) is not None


def verify(request: HttpRequest, account: EmailSettings) -> int:
    """The token in the address proves everything. Raises SignatureInvalid."""
    _proven(request, account)
    return 0


def clicked(request: HttpRequest, account: EmailSettings, now: datetime) -> list[Item]:
    """The customer's withdrawal. Raises PayloadInvalid for a request without the RFC's field."""
    if form_fields(request).get("List-Unsubscribe") != b"One-Click":
        raise PayloadInvalid("List-Unsubscribe=One-Click is missing")
    customer, key = _proven(request, account)
    return [withdrawal(account, customer, (), key, now)]


def withdrawal(
    account: EmailSettings, customer: str, alternatives: Sequence[str], key: str, now: datetime
) -> Incoming:
    """No more advertising to this address. Saying it twice is saying it once."""
    dedupe = derived_id("consent", "stop", customer, key)
    action = Action(
        kind="consent",
        sender=Sender(address=customer, alternatives=tuple(alternatives)),
        occurred_at=now,
        provider_id=dedupe,
        payload="stop",
        hints={"purpose": "marketing"},
        automatic=True,
        opens_window=False,
    )
    return Incoming(account.address, dedupe, (customer,), action, conversation_key=key)


def _proven(request: HttpRequest, account: EmailSettings) -> tuple[str, str]:
    match = _PATH.fullmatch(request.url)
    proven = Tokens(account).unsubscribed(match[1]) if match else None
    if proven is None:
        raise SignatureInvalid("this unsubscribe address was not made by us")
    return proven
