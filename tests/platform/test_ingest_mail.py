"""E-mail through the whole ingest service: SMTP, LMTP and Mailgun in, records out, and back."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from patchbay.demo.providers.email import (
    Letter,
    MailServer,
    absence_note,
    answer,
    bounce,
    first_mail,
    hand_over,
)
from services.notifier.mailer import open_mailer
from shared.channels.account import ResolvedSecret
from shared.channels.email import Email
from shared.channels.email.settings import EmailSettings
from shared.clock import SystemClock
from shared.events.outbound import MailThread, OutboundMessage
from tests.platform.ingesting import ENVIRONMENT, Ingest, running_ingest

CONFIG = Path(__file__).parent / "ingest_mail.yaml"
ANNA, SUPPORT = "anna@home.example", "support@shop.example"
CLOCK = SystemClock()


@pytest.fixture
async def ingest(empty_redis: str, tmp_path: Path) -> AsyncIterator[Ingest]:
    """The service with its mail listeners."""
    options: dict[str, Any] = {"mail_workers": 1, "lmtp_port": 0}
    async with running_ingest(
        empty_redis, tmp_path, config=CONFIG, last="lmtp", **options
    ) as running:
        yield running


def mail(text: str = "Where is my parcel?", message_id: str = "<one@home.example>") -> bytes:
    """A mail of Anna's."""
    return first_mail(ANNA, "Anna", SUPPORT, "Parcel", text, message_id, CLOCK.now())


async def deliver(ingest: Ingest, content: bytes, to: str = SUPPORT, sender: str = ANNA) -> int:
    """By SMTP; the final code."""
    return await hand_over("127.0.0.1", ingest.ports["smtp"], sender, to, content)


def account(port: int) -> EmailSettings:
    """The account as in the configuration, submitting to a port."""
    return EmailSettings.model_validate(
        {
            "name": "mail",
            "workspace": "acme",
            "addresses": [SUPPORT],
            "from_name": "Shop",
            "thread_secret": ResolvedSecret(ENVIRONMENT["MAIL"]),
            "submission": {"port": port, "tls": "none"},
        }
    )


async def reply_to(event: dict[str, Any], text: str) -> Letter:
    """Our answer to an event, composed, submitted and delivered to the customer."""
    data = event["data"]
    action = data["action"]
    message = OutboundMessage(
        id="msg_00112233445566778899aabb",
        workspace="acme",
        channel="email",
        account="mail",
        conversation_key=data["conversation_key"],
        to=action["sender"]["address"],
        text=text,
        mail=MailThread(
            subject=action["mail"]["subject"], in_reply_to=action["mail"]["message_id"]
        ),
        written_at=CLOCK.now(),
    )
    letters: asyncio.Queue[Letter] = asyncio.Queue()
    async with (
        MailServer(letters.put).listening("127.0.0.1", 0) as port,
        open_mailer(CLOCK) as mailer,
    ):
        [request] = Email().compose(message, account(port), CLOCK.now())
        outcome = Email().confirm(await mailer.send(account(port), request))
    assert outcome.kind == "accepted"
    return letters.get_nowait()


async def test_a_mail_is_in_the_log_when_it_is_answered_250(ingest: Ingest) -> None:
    assert await deliver(ingest, mail()) == 250
    [event] = await ingest.records("inbound")
    assert event["data"]["action"]["text"] == "Where is my parcel?"
    assert event["data"]["account"] == "mail"


async def test_a_mail_delivered_twice_counts_once(ingest: Ingest) -> None:
    once = mail()
    assert [await deliver(ingest, once), await deliver(ingest, b"Received: x\r\n" + once)] == [
        250
    ] * 2
    assert len(await ingest.records("inbound")) == 1


async def test_two_mails_with_one_message_id_count_twice(ingest: Ingest) -> None:
    assert [await deliver(ingest, mail("One")), await deliver(ingest, mail("Two"))] == [250] * 2
    assert len(await ingest.records("inbound")) == 2


async def test_while_the_log_is_away_the_sender_keeps_the_mail(ingest: Ingest) -> None:
    ingest.log.go_away(True)
    assert await deliver(ingest, mail()) == 451
    ingest.log.go_away(False)
    assert await deliver(ingest, mail()) == 250
    assert len(await ingest.records("inbound")) == 1


async def test_an_unknown_mailbox_is_refused(ingest: Ingest) -> None:
    assert await deliver(ingest, mail(), to="nobody@shop.example") == 550
    assert await ingest.records("inbound") == []


async def test_a_hostile_mail_is_buried_and_the_next_one_taken(ingest: Ingest) -> None:
    begin = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(3_000)
    )
    assert await deliver(ingest, b"From: a@b.example\r\n" + begin) == 250
    assert await deliver(ingest, mail()) == 250
    [letter] = await ingest.records("dead-letters")
    assert letter["data"]["reason"] == "payload_invalid"
    assert letter["data"]["detail"] == "more than 64 nested parts"
    assert len(await ingest.records("inbound")) == 1


async def test_a_hostile_mail_too_large_to_bury_is_refused(ingest: Ingest) -> None:
    content = b"To: " + b"a@b.example,\r\n " * 60_000 + b"\r\n" + mail()
    assert await deliver(ingest, content) == 554
    assert await ingest.records("dead-letters") == []


async def test_the_customers_answer_comes_back_to_the_conversation(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    assert letter.text == "Tomorrow."
    assert letter.references == ("<one@home.example>",)
    assert letter.subject == "Re: Parcel"
    again = answer(letter, "Anna", "Thank you!", "<two@home.example>", CLOCK.now())
    assert await deliver(ingest, again, to=letter.answer_to.upper()) == 250
    second = (await ingest.records("inbound"))[1]
    assert second["data"]["conversation_key"] == first["data"]["conversation_key"]
    assert second["data"]["action"]["text"] == "Thank you!"


async def test_somebody_else_with_the_token_starts_his_own_conversation(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    stolen = answer(letter, "Anna", "Tell me all", "<x@evil.example>", CLOCK.now())
    stolen = stolen.replace(ANNA.encode(), b"eve@evil.example")
    assert await deliver(ingest, stolen, to=letter.answer_to, sender="eve@evil.example") == 250
    second = (await ingest.records("inbound"))[1]
    assert second["data"]["conversation_key"] != first["data"]["conversation_key"]


async def test_a_bounce_becomes_a_receipt_of_the_message(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    report = bounce(letter, "5.1.1", "<dsn@home.example>", CLOCK.now())
    assert await deliver(ingest, report, to=letter.bounces_to, sender="") == 250
    [receipt] = await ingest.records("deliveries")
    data = receipt["data"]
    assert (data["status"], data["kind"], data["code"]) == ("failed", "unreachable", "5.1.1")
    assert data["message_id"] == "msg_00112233445566778899aabb"
    assert data["conversation_key"] == first["data"]["conversation_key"]


async def test_a_forged_bounce_is_buried(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    report = bounce(letter, "5.1.1", "<dsn@home.example>", CLOCK.now())
    forged = report.replace(letter.message_id.encode(), b"<guessed@shop.example>")
    assert await deliver(ingest, forged, to="bounce@shop.example", sender="") == 250
    assert await ingest.records("deliveries") == []
    [letter_kept] = await ingest.records("dead-letters")
    assert letter_kept["data"]["reason"] == "signature_invalid"


async def test_an_absence_note_joins_its_conversation_as_automatic(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    note = absence_note(letter, "<away@home.example>", CLOCK.now())
    assert await deliver(ingest, note, to=letter.bounces_to, sender="") == 250
    second = (await ingest.records("inbound"))[1]
    assert second["data"]["conversation_key"] == first["data"]["conversation_key"]
    assert second["data"]["action"]["automatic"] is True


async def test_our_own_mail_coming_back_is_nothing(ingest: Ingest) -> None:
    await deliver(ingest, mail())
    [first] = await ingest.records("inbound")
    letter = await reply_to(first, "Tomorrow.")
    assert await deliver(ingest, letter.content) == 250
    assert len(await ingest.records("inbound")) == 1
    assert await ingest.records("dead-letters") == []


async def test_lmtp(ingest: Ingest) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", ingest.ports["lmtp"])
    dialogue = [
        b"LHLO mx",
        f"MAIL FROM:<{ANNA}>".encode(),
        f"RCPT TO:<{SUPPORT}>".encode(),
        b"DATA",
    ]
    writer.write(b"\r\n".join(dialogue) + b"\r\n" + mail() + b".\r\nQUIT\r\n")
    said = (await reader.read()).decode().split("\r\n")
    writer.close()
    assert said[-3] == "250 2.0.0 Taken"
    assert len(await ingest.records("inbound")) == 1


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
