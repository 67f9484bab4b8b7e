"""The mail listeners: SMTP for the world, LMTP for a mail server in front of us.

A mail is answered 250 only when it is in the log; while the log is away it is answered 451, and its
sender keeps it and comes back.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Peer

from services.ingest import metrics
from services.ingest.accounts import Accounts
from services.ingest.mailboxes import Mailboxes
from services.ingest.receive import Receive
from services.ingest.settings import IngestSettings
from services.ingest.smtp_session import Busy, Load, LocalSession, MailListening, Session
from shared.channels import HttpRequest
from shared.channels.email.delivery import by_smtp
from shared.channels.email.settings import EmailSettings
from shared.clock import Clock
from shared.errors import LogUnavailable, PatchbayError, PayloadInvalid, RecordTooLarge
from shared.service import Deps

log = structlog.get_logger()

_TAKEN = "250 2.0.0 Taken"
_LATER = "451 4.3.0 Not taken now, try again later"
_UNREADABLE = "554 5.6.0 This mail cannot be read"
_REFUSALS: Mapping[type[PatchbayError], str] = {
    LogUnavailable: _LATER,
    RecordTooLarge: "552 5.3.4 Too large",
    PayloadInvalid: _UNREADABLE,
}


class MailHandler:
    """What aiosmtpd asks us during a dialogue."""

    def __init__(
        self, mailboxes: Mailboxes, receive: Receive, limits: MailListening, load: Load
    ) -> None:
        self._mailboxes = mailboxes
        self._receive = receive
        self._limits = limits
        self._load = load

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Peer, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        """What we can: nobody signs in here."""
        session.host_name = hostname
        kept = [reply for reply in replies if not reply.startswith("250-AUTH")]
        return [*kept[:-1], "250-ENHANCEDSTATUSCODES", kept[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Peer, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A new mail begins."""
        if self._load.heavy:
            return "452 4.3.1 Too much mail at once, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Go on"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Peer, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only our own mailboxes: we relay nothing."""
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients"
        if self._mailboxes.serving(address) is None:
            metrics.REFUSED.labels("email", "unknown_account").inc()
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Go on"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Peer, envelope: Envelope
    ) -> str:
        """The whole mail: for each account that has recipients, into the log."""
        replies: dict[str, str] = {}
        peer = _host(session.peer)
        for account, recipients in self._by_account(envelope.rcpt_tos):
            content = envelope.original_content or b""
            request = by_smtp(str(envelope.mail_from), recipients, content, peer)
            replies |= dict.fromkeys(recipients, await self._store(account, request))
        if isinstance(server, LocalSession):
            return "\r\n".join(replies[recipient] for recipient in envelope.rcpt_tos)
        return max(replies.values(), key=_gravity)

    async def handle_exception(self, error: Exception) -> str:
        """A command the library cannot read."""
        log.warning("smtp_command_unreadable", error=type(error).__name__)
        return "500 5.5.2 Not understood"

    def _by_account(self, recipients: Sequence[str]) -> list[tuple[EmailSettings, list[str]]]:
        grouped: dict[str, tuple[EmailSettings, list[str]]] = {}
        for recipient in recipients:
            account = self._mailboxes.serving(recipient)
            if account is not None:
                grouped.setdefault(account.name, (account, []))[1].append(recipient)
        return list(grouped.values())

    async def _store(self, account: EmailSettings, request: HttpRequest) -> str:
        with metrics.acknowledged("email").time():
            try:
                reply = await self._receive(account, request)
            except PatchbayError as error:
                metrics.REFUSED.labels("email", error.code).inc()
                return _refusal(error)
            except Exception as error:  # noqa: BLE001 - a bug: the sender keeps the mail
                bug = type(error).__name__
                log.error("mail_not_taken", account=account.name, bug=bug)  # noqa: TRY400 - it quotes
                return _LATER
        if reply.status < 400:
            return _TAKEN
        return _LATER if reply.status >= 500 else _UNREADABLE


def _host(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _refusal(error: PatchbayError) -> str:
    known = next((_REFUSALS[cls] for cls in type(error).__mro__ if cls in _REFUSALS), None)
    return known or (_LATER if error.retryable else "550 5.7.1 Not taken")


def _gravity(reply: str) -> int:
    """Of several answers to one mail: try again goes before a refusal, a refusal before taken."""
    return {"4": 2, "5": 1}.get(reply[0], 0)


@asynccontextmanager
async def mail_listener(
    address: tuple[str, int],
    handler: MailHandler,
    limits: MailListening,
    load: Load,
    clock: Clock,
    *,
    lmtp: bool = False,
) -> AsyncIterator[int]:
    """Take mails until left, then finish those on their way in; yields the bound port."""
    _silence_library()
    session = LocalSession if lmtp else Session

    def accept() -> asyncio.BaseProtocol:
        return Busy() if load.full else session(handler, limits, load)

    server = await asyncio.get_running_loop().create_server(accept, *address)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _drain(load, limits.drain_seconds, clock)


async def _drain(load: Load, seconds: float, clock: Clock) -> None:
    end = clock.monotonic() + seconds
    while load.sessions:
        late = clock.monotonic() > end
        for session in [s for s in load.sessions if late or not s.receiving]:
            session.hang_up()
        await clock.sleep(0.02)
        if late:
            return


def _silence_library() -> None:
    """aiosmtpd logs every command with its addresses."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


@asynccontextmanager
async def serve_mail(
    deps: Deps, settings: IngestSettings, accounts: Accounts, receive: Receive
) -> AsyncIterator[None]:
    """The listeners the settings ask for. Raises ConfigurationInvalid for a mailbox twice."""
    served = [a for a in accounts.of_channel("email") if isinstance(a, EmailSettings)]
    limits = MailListening(
        hostname=settings.smtp_hostname,
        connections=settings.smtp_connections,
        tls=_certificate(settings),
    )
    ports = {"smtp": settings.smtp_port, "lmtp": settings.lmtp_port}
    async with AsyncExitStack() as stack:
        for name, port in ports.items():
            if port is None:
                continue
            load = Load(limits)
            handler = MailHandler(Mailboxes(served), receive, limits, load)
            address = (settings.listen_host, port)
            listener = mail_listener(
                address, handler, limits, load, deps.clock, lmtp=name == "lmtp"
            )
            deps.listening(name, await stack.enter_async_context(listener))
        yield


def _certificate(settings: IngestSettings) -> ssl.SSLContext | None:
    """STARTTLS where there is a certificate (RFC 3207)."""
    if settings.smtp_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.smtp_certificate, settings.smtp_key)
    return context
