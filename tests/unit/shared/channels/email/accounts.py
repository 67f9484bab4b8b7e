"""An e-mail account, and ways to deliver to it, for unit tests."""

from datetime import UTC, datetime
from typing import Any

from shared.channels import Item
from shared.channels.account import ResolvedSecret
from shared.channels.email import Email
from shared.channels.email.delivery import by_smtp
from shared.channels.email.settings import EmailSettings

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
CUSTOMER = "anna@customer.example"
HEAD = (
    b"From: Anna Berg <anna@customer.example>\r\n"
    b"To: support@shop.example\r\n"
    b"Message-ID: <one@customer.example>\r\n"
)


def account(**changes: Any) -> EmailSettings:
    """The account of a shop."""
    plain = {
        "channel": "email",
        "name": "main",
        "workspace": "shop",
        "addresses": ["support@shop.example"],
        "from_name": "Shop",
        "thread_secret": ResolvedSecret("thread secret"),
        "webhook_keys": ResolvedSecret("signing key"),
    }
    return EmailSettings.model_validate(plain | changes)


def read(content: bytes, to: str = "support@shop.example", **changes: Any) -> list[Item]:
    """What the adapter makes of a mail from the customer."""
    return Email().parse(by_smtp(CUSTOMER, [to], content), account(**changes), NOW)
