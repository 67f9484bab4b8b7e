"""Whose mail is it?"""

import pytest

from services.ingest.mailboxes import Mailboxes
from shared.channels.account import ResolvedSecret
from shared.channels.email.tokens import Tokens
from shared.errors import ConfigurationInvalid
from tests.unit.shared.channels.email.accounts import account

SUPPORT = account()
SALES = account(
    name="sales", addresses=["sales@shop.example"], thread_secret=ResolvedSecret("another")
)
BOTH = Mailboxes([SUPPORT, SALES])


def bounce_of(owner: str) -> str:
    """An envelope sender of one of the accounts."""
    token = Tokens({"main": SUPPORT, "sales": SALES}[owner]).bounce("msg_" + "1" * 24, "0" * 24)
    return f"bounce+{token}@shop.example"


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("support@shop.example", "main"),
        ("SALES@shop.example", "sales"),
        ("sales+t_x.y@shop.example", "sales"),
        (bounce_of("main"), "main"),
        (bounce_of("sales"), "sales"),
        (bounce_of("sales").upper(), "sales"),
        ("bounce+forged@shop.example", "main"),
        ("bounce@shop.example", "main"),
        ("postmaster@shop.example", "main"),
    ],
)
def test_every_mailbox_has_its_account(address: str, owner: str) -> None:
    served = BOTH.serving(address)
    assert served is not None
    assert served.name == owner


@pytest.mark.parametrize("address", ["nobody@shop.example", "support@other.example", "", "@", "+@"])
def test_nothing_else_is_ours(address: str) -> None:
    assert BOTH.serving(address) is None


def test_a_mailbox_of_two_accounts_is_refused() -> None:
    with pytest.raises(ConfigurationInvalid, match=r"support@shop\.example"):
        Mailboxes([SUPPORT, account(name="second")])
