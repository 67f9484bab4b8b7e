"""STARTTLS (RFC 3207) on the mail listener."""

from dataclasses import replace
from pathlib import Path

import aiosmtplib
import pytest

from tests.unit.services.ingest.mail_talk import LIMITS, MAIL, Taken, dialogue, listening
from tests.unit.shared.channels.email.accounts import CUSTOMER
from tests.unit.shared.channels.email.certificates import Certificate, make_certificate


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """The listener's certificate."""
    return make_certificate(tmp_path)


async def test_a_mail_arrives_encrypted(certificate: Certificate) -> None:
    taken = Taken()
    trusting = certificate.client()
    async with listening(taken, replace(LIMITS, tls=certificate.server())) as port:
        smtp = aiosmtplib.SMTP(
            hostname="localhost", port=port, start_tls=True, tls_context=trusting, timeout=5
        )
        await smtp.connect()
        await smtp.sendmail(CUSTOMER, ["support@shop.example"], MAIL)
        await smtp.quit()
    assert [request.body for _, request in taken.requests] == [MAIL]


async def test_encryption_can_be_demanded(certificate: Certificate) -> None:
    async with (
        listening(Taken(), replace(LIMITS, tls=certificate.server(), require_tls=True)) as port,
        dialogue(port) as talk,
    ):
        assert "250-STARTTLS" in (await talk.say("EHLO x")).split("\n")
        assert (await talk.say(f"MAIL FROM:<{CUSTOMER}>")).startswith("530")


async def test_without_a_certificate_it_is_not_offered() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        assert "STARTTLS" not in await talk.say("EHLO x")
        assert (await talk.say("STARTTLS")).startswith(("454", "500"))


async def test_commands_injected_before_encryption_are_forgotten(certificate: Certificate) -> None:
    """CVE-2021-38371 and its kin: what was sent in the clear must not count afterwards."""
    taken = Taken()
    async with (
        listening(taken, replace(LIMITS, tls=certificate.server())) as port,
        dialogue(port) as talk,
    ):
        await talk.say("EHLO x")
        await talk.send(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n")
        assert (await talk.hear()).startswith("220")
        await talk.encrypt(certificate.client())
        await talk.say("EHLO x")
        assert (await talk.say("RCPT TO:<support@shop.example>")).startswith("503")
