"""Tokens survive what mail systems do to them, and nothing else does."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.channels.account import ResolvedSecret
from shared.channels.email.addresses import extended, plain, split_extension
from shared.channels.email.settings import EmailSettings, Submission
from shared.channels.email.tokens import Ours, Tokens
from tests.unit.shared.channels.email.accounts import CUSTOMER, account

TOKENS = Tokens(account())
KEYS = st.text(string.hexdigits[:16], min_size=24, max_size=24)
MESSAGES = KEYS.map(lambda digits: f"msg_{digits}")
CASES = st.sampled_from([str, str.upper, str.lower, str.swapcase])


@given(KEYS, CASES)
def test_a_reply_token_comes_back(key: str, folded: type[str]) -> None:
    address = extended("support@shop.example", TOKENS.reply(key, CUSTOMER))
    assert address is not None
    _, extension = split_extension(plain(folded(address)))
    assert TOKENS.replied(extension, [CUSTOMER]) == key


@given(MESSAGES, KEYS, CASES)
def test_a_message_id_comes_back(message: str, key: str, folded: type[str]) -> None:
    made = TOKENS.message_id(message, key, CUSTOMER)
    assert TOKENS.ours(folded(made), ["x@y.example", CUSTOMER]) == Ours(message, key)
    assert TOKENS.looks_ours(folded(made))


@given(MESSAGES, KEYS, CASES)
def test_a_bounce_address_comes_back(message: str, key: str, folded: type[str]) -> None:
    token = TOKENS.bounce(message, key)
    assert token is not None
    address = extended("bounce@shop.example", token)
    assert address is not None
    assert TOKENS.bounced(split_extension(plain(folded(address)))[1]) == Ours(message, key)


@given(KEYS, st.emails().map(plain).filter(bool))
def test_an_unsubscribe_token_comes_back(key: str, customer: str) -> None:
    assert TOKENS.unsubscribed(TOKENS.unsubscribe(key, customer)) == (customer, key)
    assert TOKENS.left(TOKENS.leave(key, customer), [customer]) == key


@given(st.data())
def test_a_changed_token_proves_nothing(data: st.DataObject) -> None:
    key, message = "0" * 24, "msg_" + "1" * 24
    made = {
        "reply": TOKENS.reply(key, CUSTOMER),
        "id": TOKENS.message_id(message, key, CUSTOMER),
        "bounce": TOKENS.bounce(message, key) or "",
        "click": TOKENS.unsubscribe(key, CUSTOMER),
    }
    kind = data.draw(st.sampled_from(sorted(made)))
    at = data.draw(st.integers(0, len(made[kind]) - 1))
    other = data.draw(
        st.sampled_from("abcdefghijklmnop234567").filter(lambda c: c != made[kind][at])
    )
    changed = made[kind][:at] + other + made[kind][at + 1 :]
    found = {
        "reply": TOKENS.replied(changed, [CUSTOMER]),
        "id": TOKENS.ours(changed, [CUSTOMER]),
        "bounce": TOKENS.bounced(changed),
        "click": TOKENS.unsubscribed(changed),
    }
    assert found[kind] is None


@pytest.mark.parametrize("last", "abcdefghijklmnopqrstuvwxyz234567")
def test_a_bounce_address_has_one_spelling(last: str) -> None:
    token = TOKENS.bounce("msg_" + "1" * 24, "0" * 24) or ""
    assert (TOKENS.bounced(token[:-1] + last) is not None) == (last == token[-1])


@given(st.text(max_size=120))
def test_any_text_is_no_token(text: str) -> None:
    assert TOKENS.replied(text, [CUSTOMER]) is None
    assert TOKENS.ours(text, [CUSTOMER]) is None
    assert TOKENS.bounced(text) is None
    assert TOKENS.unsubscribed(text) is None


@pytest.mark.parametrize(
    "other",
    [
        {"name": "second"},
        {"workspace": "another shop"},
        {"thread_secret": ResolvedSecret("another secret")},
    ],
    ids=["account", "workspace", "secret"],
)
def test_a_token_of_elsewhere_proves_nothing(other: dict[str, object]) -> None:
    elsewhere = Tokens(account(**other))
    key, message = "0" * 24, "msg_" + "1" * 24
    assert TOKENS.replied(elsewhere.reply(key, CUSTOMER), [CUSTOMER]) is None
    assert TOKENS.ours(elsewhere.message_id(message, key, CUSTOMER), [CUSTOMER]) is None
    assert TOKENS.bounced(elsewhere.bounce(message, key) or "") is None


def test_a_token_for_one_purpose_serves_no_other() -> None:
    key = "0" * 24
    reply = TOKENS.reply(key, CUSTOMER).removeprefix("t_")
    assert TOKENS.left(f"u_{reply}", [CUSTOMER]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"addresses": []},
        {"addresses": ["support+x@shop.example"]},
        {"addresses": ["no address"]},
        {"thread_secret": "in the file"},
        {"submission": {"username": "me"}},
        {"submission": {"password": ResolvedSecret("x")}},
        {
            "submission": {
                "host": "mail.example",
                "tls": "none",
                "username": "me",
                "password": ResolvedSecret("x"),
            }
        },
        {"adresses": ["a@b.example"]},
    ],
    ids=str,
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        account(**wrong)


def test_a_password_may_go_over_loopback_in_the_clear() -> None:
    submission = Submission.model_validate(
        {"tls": "none", "username": "me", "password": ResolvedSecret("x")}
    )
    assert isinstance(account(submission=submission), EmailSettings)
