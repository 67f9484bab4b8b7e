"""A mail listener to talk to, and a client that says whatever it likes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiosmtplib

from services.ingest.mailboxes import Mailboxes
from services.ingest.smtp import MailHandler, mail_listener
from services.ingest.smtp_session import Load, MailListening
from shared.channels import HttpReply, HttpRequest
from shared.channels.account import AccountSettings
from shared.clock import SystemClock
from tests.unit.shared.channels.email.accounts import CUSTOMER, HEAD, account

SUPPORT, SALES = (
    account(),
    account(name="sales", addresses=["sales@shop.example"], bounce_address="r@shop.example"),
)
MAIL = HEAD + b"\r\nHello\r\n..dot\r\n"
LIMITS = MailListening(hostname="mx.shop.example", mail_bytes=100_000, drain_seconds=2)


@dataclass
class Taken:
    """Stands where ingest's receiver stands: notes what arrives, and does what it is told."""

    requests: list[tuple[str, HttpRequest]] = field(default_factory=list)
    fail: dict[str, Exception] = field(default_factory=dict)
    reply: HttpReply = field(default_factory=lambda: HttpReply(200))
    wait: Callable[[], Awaitable[object]] | None = None

    async def receive(self, served: AccountSettings, request: HttpRequest) -> HttpReply:
        if self.wait is not None:
            await self.wait()
        if served.name in self.fail:
            raise self.fail[served.name]
        self.requests.append((served.name, request))
        return self.reply


@asynccontextmanager
async def listening(
    taken: Taken, limits: MailListening = LIMITS, *, lmtp: bool = False
) -> AsyncIterator[int]:
    """A listener for two accounts; yields its port."""
    load = Load(limits)
    mailboxes = Mailboxes([SUPPORT, SALES])
    handler = MailHandler(mailboxes, taken.receive, limits, load)
    address = ("127.0.0.1", 0)
    async with mail_listener(address, handler, limits, load, SystemClock(), lmtp=lmtp) as port:
        yield port


@asynccontextmanager
async def client(port: int) -> AsyncIterator[aiosmtplib.SMTP]:
    """A client that has said hello."""
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=5)
    await smtp.connect()
    yield smtp
    smtp.close()


class Dialogue:
    """A client that says whatever it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, text: str | bytes) -> str:
        """Send a line and read one whole reply."""
        await self.send(text if isinstance(text, bytes) else f"{text}\r\n".encode())
        return await self.hear()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hear(self) -> str:
        """One reply; empty when the server has gone."""
        lines: list[str] = []
        while True:
            async with asyncio.timeout(10):
                line = (await self._reader.readline()).decode()
            lines.append(line.rstrip())
            if line[3:4] != "-":
                return "\n".join(lines)

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Go on in TLS."""
        await self._writer.start_tls(context, server_hostname="localhost")

    async def begin(self, *recipients: str, hello: str = "EHLO") -> list[str]:
        """Everything up to the recipients' replies."""
        await self.say(f"{hello} client.example")
        await self.say(f"MAIL FROM:<{CUSTOMER}>")
        return [await self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    async def mail(self, content: bytes = MAIL) -> str:
        """DATA, the mail, and the reply."""
        assert (await self.say("DATA")).startswith("354")
        return await self.say(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")


@asynccontextmanager
async def dialogue(port: int) -> AsyncIterator[Dialogue]:
    """A raw connection, greeted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    talk = Dialogue(reader, writer)
    await talk.hear()
    yield talk
    writer.close()
