"""E-mail through the whole ingest service: SMTP and LMTP in, records out, and back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
import pytest

from patchbay.demo.providers.email import absence_note, answer, bounce
from tests.platform.ingesting import Ingest
from tests.platform.mailing import ANNA, CLOCK, SUPPORT, deliver, mail, reply_to, running_mail
from tests.unit.shared.channels.email.certificates import make_certificate


@pytest.fixture
async def ingest(empty_redis: str, tmp_path: Path) -> AsyncIterator[Ingest]:
    """The service with its mail listeners."""
    async with running_mail(empty_redis, tmp_path) as running:
        yield running


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


async def test_the_listener_encrypts_with_the_certificate_it_is_given(
    empty_redis: str, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    files = {"smtp_certificate": certificate.chain, "smtp_key": certificate.key}
    async with running_mail(empty_redis, tmp_path, **files) as ingest:
        smtp = aiosmtplib.SMTP(
            hostname="localhost",
            port=ingest.ports["smtp"],
            start_tls=True,
            tls_context=certificate.client(),
            timeout=5,
        )
        await smtp.connect()
        await smtp.sendmail(ANNA, [SUPPORT], mail())
        await smtp.quit()
        assert len(await ingest.records("inbound")) == 1
