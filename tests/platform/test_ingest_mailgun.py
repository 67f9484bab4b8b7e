"""Mailgun's webhook and the one-click address, through the whole ingest service."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.channels.email.tokens import Tokens
from tests.platform.ingesting import ENVIRONMENT, Ingest
from tests.platform.mailing import ANNA, CLOCK, SUPPORT, account, mail, running_mail


@pytest.fixture
async def ingest(empty_redis: str, tmp_path: Path) -> AsyncIterator[Ingest]:
    """The service with its mail listeners."""
    async with running_mail(empty_redis, tmp_path) as running:
        yield running


def signed(content: bytes, token: str, *, key: str = ENVIRONMENT["MAILGUN"]) -> dict[str, str]:
    """The form Mailgun posts for a route whose address ends in `mime`."""
    timestamp = str(int(CLOCK.now().timestamp()))
    signature = hmac.new(key.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    return {
        "recipient": SUPPORT,
        "sender": ANNA,
        "body-mime": content.decode(),
        "timestamp": timestamp,
        "token": token,
        "signature": signature,
    }


async def post(ingest: Ingest, path: str, form: dict[str, str]) -> int:
    async with ingest.client.post(f"{ingest.url}/webhooks/email/mail/{path}", data=form) as reply:
        return reply.status


async def test_mailgun_delivers(ingest: Ingest) -> None:
    assert await post(ingest, "mime", signed(mail(), "token-1")) == 200
    assert await post(ingest, "mime", signed(mail(), "token-2")) == 200
    [event] = await ingest.records("inbound")
    assert event["data"]["action"]["mail"]["message_id"] == "<one@home.example>"


async def test_mailguns_signature_is_good_for_one_mail_only(ingest: Ingest) -> None:
    """It does not cover the body: with a token he has seen, nobody may send us another mail."""
    form = signed(mail(), "token-1")
    assert await post(ingest, "mime", form) == 200
    forged = mail("Change my address", "<two@home.example>").decode()
    assert await post(ingest, "mime", {**form, "body-mime": forged}) == 200
    assert len(await ingest.records("inbound")) == 1


async def test_mailguns_mail_not_taken_may_come_again(ingest: Ingest) -> None:
    form = signed(mail(), "token-1")
    ingest.log.go_away(True)
    assert await post(ingest, "mime", form) == 503
    ingest.log.go_away(False)
    assert await post(ingest, "mime", form) == 200
    assert len(await ingest.records("inbound")) == 1


async def test_a_wrong_mailgun_signature_takes_nothing(ingest: Ingest) -> None:
    assert await post(ingest, "mime", signed(mail(), "token-1", key="guessed")) == 401
    assert await ingest.records("inbound") == []


async def test_one_click_unsubscribes_and_looking_does_not(ingest: Ingest) -> None:
    """Link scanners GET every address in a mail (RFC 8058, section 3.1)."""
    token = Tokens(account(25)).unsubscribe("0123456789abcdef01234567", ANNA)
    address = f"{ingest.url}/webhooks/email/mail/unsubscribe/{token}"
    async with ingest.client.get(address) as reply:
        assert reply.status == 405
    assert await ingest.records("inbound") == []
    assert await post(ingest, f"unsubscribe/{token}", {"List-Unsubscribe": "One-Click"}) == 200
    assert await post(ingest, f"unsubscribe/{token}", {"List-Unsubscribe": "One-Click"}) == 200
    [event] = await ingest.records("inbound")
    action = event["data"]["action"]
    assert (action["kind"], action["payload"]) == ("consent", "stop")
    assert action["sender"]["address"] == ANNA
    assert await post(ingest, f"unsubscribe/{token}x", {"List-Unsubscribe": "One-Click"}) == 401
