"""STARTTLS (RFC 3207) on the mail listener."""

import datetime
import ssl
from dataclasses import replace
from pathlib import Path

import aiosmtplib
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.unit.services.ingest.mail_talk import LIMITS, MAIL, Taken, dialogue, listening
from tests.unit.shared.channels.email.accounts import CUSTOMER, NOW


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - datetime.timedelta(days=3650))
        .not_valid_after(NOW + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private


@pytest.fixture
def server(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """The listener's side of TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


async def test_a_mail_arrives_encrypted(
    server: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    taken = Taken()
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    async with listening(taken, replace(LIMITS, tls=server)) as port:
        smtp = aiosmtplib.SMTP(
            hostname="localhost", port=port, start_tls=True, tls_context=trusting, timeout=5
        )
        await smtp.connect()
        await smtp.sendmail(CUSTOMER, ["support@shop.example"], MAIL)
        await smtp.quit()
    assert [request.body for _, request in taken.requests] == [MAIL]


async def test_encryption_can_be_demanded(server: ssl.SSLContext) -> None:
    async with (
        listening(Taken(), replace(LIMITS, tls=server, require_tls=True)) as port,
        dialogue(port) as talk,
    ):
        assert "250-STARTTLS" in (await talk.say("EHLO x")).split("\n")
        assert (await talk.say(f"MAIL FROM:<{CUSTOMER}>")).startswith("530")


async def test_without_a_certificate_it_is_not_offered() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        assert "STARTTLS" not in await talk.say("EHLO x")
        assert (await talk.say("STARTTLS")).startswith(("454", "500"))


async def test_commands_injected_before_encryption_are_forgotten(
    server: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    """CVE-2021-38371 and its kin: what was sent in the clear must not count afterwards."""
    taken = Taken()
    async with listening(taken, replace(LIMITS, tls=server)) as port, dialogue(port) as talk:
        await talk.say("EHLO x")
        await talk.send(b"STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n")
        assert (await talk.hear()).startswith("220")
        await talk.encrypt(ssl.create_default_context(cafile=str(certificate[0])))
        await talk.say("EHLO x")
        assert (await talk.say("RCPT TO:<support@shop.example>")).startswith("503")
