"""The customers' mail: what they write, the server that takes our answers, and what it sends back.

Written from the RFCs and not from our channel, so that the two check each other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

_TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that reached a customer. `bounces_to` is its envelope sender, `answer_to` where the
    customer's answer goes, `text` the plain version of what it says.
    """

    customer: str
    bounces_to: str
    answer_to: str
    message_id: str
    references: tuple[str, ...]
    subject: str
    text: str
    automatic: bool
    content: bytes


Deliver = Callable[[Letter], Awaitable[None]]


def first_mail(
    customer: str,
    name: str,
    mailbox: str,
    subject: str,
    text: str,
    message_id: str,
    now: datetime,
) -> bytes:
    """A customer writes to us for the first time. `message_id` has its brackets."""
    mail = _mail(customer, name, mailbox, subject, message_id, now)
    mail.set_content(text)
    return mail.as_bytes()


def answer(letter: Letter, name: str, text: str, message_id: str, now: datetime) -> bytes:
    """A customer answers a mail of ours, as mail programs do it: quoting all of it."""
    subject = letter.subject
    if not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    mail = _mail(letter.customer, name, letter.answer_to, subject, message_id, now)
    mail["In-Reply-To"] = letter.message_id
    mail["References"] = " ".join((*letter.references, letter.message_id))
    quoted = "".join(f"> {line}\n" for line in letter.text.splitlines())
    mail.set_content(f"{text}\n\nOn {now:%a, %b %d, %Y} at {now:%H:%M} Shop wrote:\n{quoted}")
    return mail.as_bytes()


def absence_note(letter: Letter, message_id: str, now: datetime) -> bytes:
    """A customer's mail server says that he is away (RFC 3834); it goes to `bounces_to`."""
    subject = f"Auto: {letter.subject}"
    mail = _mail(letter.customer, "", letter.bounces_to, subject, message_id, now)
    mail["Auto-Submitted"] = "auto-replied"
    mail["In-Reply-To"] = letter.message_id
    mail.set_content("I am away until Monday.")
    return mail.as_bytes()


def bounce(letter: Letter, status: str, message_id: str, now: datetime) -> bytes:
    """The customer's mail server could not deliver after all (RFC 3464); goes to `bounces_to`."""
    domain = letter.customer.rpartition("@")[2]
    report = "\r\n".join(
        (
            *(f"From: MAILER-DAEMON@{domain}", f"To: {letter.bounces_to}", "Subject: Undelivered"),
            *(f"Date: {format_datetime(now)}", f"Message-ID: {message_id}"),
            *("Auto-Submitted: auto-replied", "MIME-Version: 1.0"),
            "Content-Type: multipart/report; report-type=delivery-status; boundary=report",
            *("", "--report", "Content-Type: text/plain", "", "This mail was not delivered.", ""),
            *("--report", "Content-Type: message/delivery-status", ""),
            *(
                f"Reporting-MTA: dns; mx.{domain}",
                "",
                f"Final-Recipient: rfc822; {letter.customer}",
            ),
            *("Action: failed", f"Status: {status}", ""),
            *("--report", "Content-Type: text/rfc822-headers", "", ""),
        )
    )
    head, _, _ = letter.content.partition(b"\r\n\r\n")
    return report.encode() + head + b"\r\n\r\n--report--\r\n"


async def hand_over(host: str, port: int, sender: str, recipient: str, content: bytes) -> int:
    """Deliver one mail; the server's final code, 0 when nobody answered."""
    smtp = aiosmtplib.SMTP(hostname=host, port=port, start_tls=False, timeout=_TIMEOUT)
    try:
        await smtp.connect()
        await smtp.mail(sender)
        await smtp.rcpt(recipient)
        return (await smtp.data(content)).code
    except aiosmtplib.SMTPResponseException as error:
        return error.code
    except (aiosmtplib.SMTPException, OSError):
        return 0
    finally:
        smtp.close()


class MailServer:
    """The mail server of all customers: takes what we send and hands it to `deliver`.

    Addresses in `unknown` do not exist; while `away` is set, it takes nothing for the moment.
    """

    def __init__(self, deliver: Deliver, unknown: Collection[str] = ()) -> None:
        self._deliver = deliver
        self._unknown = unknown
        self.away = False

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Take mails until left; yields the port."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)  # it logs addresses
        loop = asyncio.get_running_loop()
        sessions: set[asyncio.BaseTransport] = set()

        def session() -> SMTP:
            return _Session(self, sessions, loop)

        server = await loop.create_server(session, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for transport in list(sessions):
                transport.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """One recipient."""
        if self.away:
            return "451 4.3.2 Not now"
        if address in self._unknown:
            return "550 5.1.1 No such customer"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """One whole mail."""
        for customer in envelope.rcpt_tos:
            content = envelope.original_content or b""
            await self._deliver(read_letter(customer, envelope.mail_from or "", content))
        return "250 2.0.0 Delivered"


class _Session(SMTP):
    """A session whose end can be waited for by closing its transport."""

    def __init__(
        self,
        handler: MailServer,
        sessions: set[asyncio.BaseTransport],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(handler, hostname="home.example", enable_SMTPUTF8=True, loop=loop)
        self._sessions = sessions
        self._own: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._own = transport
        self._sessions.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._own is not None:
            self._sessions.discard(self._own)
        super().connection_lost(error)


def read_letter(customer: str, bounces_to: str, content: bytes) -> Letter:
    """A mail as the customer's mail program reads it."""
    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body(("plain",))
    return Letter(
        customer=customer,
        bounces_to=bounces_to,
        answer_to=parseaddr(str(mail["reply-to"] or mail["from"]))[1],
        message_id=str(mail["message-id"]),
        references=tuple(str(mail["references"] or "").split()),
        subject=str(mail["subject"] or ""),
        text=str(body.get_content()).strip() if body is not None else "",
        automatic=str(mail["auto-submitted"] or "no") != "no",
        content=content,
    )


def _mail(
    customer: str, name: str, mailbox: str, subject: str, message_id: str, now: datetime
) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = formataddr((name, customer))
    mail["To"] = mailbox
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    return mail
