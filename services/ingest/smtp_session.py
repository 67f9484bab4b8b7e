"""One SMTP or LMTP connection (RFC 5321, RFC 2033), with the bounds aiosmtpd does not have."""

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from shared.channels.email import LARGEST_MAIL


@dataclass(frozen=True, slots=True)
class MailListening:
    """Bounds of a mail listener. Times in seconds, sizes in bytes.

    `data_seconds` is how long one mail may take to arrive and be stored. `memory_bytes` bounds what
    all connections together hold of mails on their way in; beyond it senders are asked to return.
    `line_bytes` is generous: the standard's 998 is broken by real senders.
    """

    hostname: str = "patchbay"
    mail_bytes: int = LARGEST_MAIL
    memory_bytes: int = 96 * 1024 * 1024
    line_bytes: int = 65_536
    recipients: int = 50
    connections: int = 100
    mails_per_connection: int = 200
    command_seconds: float = 120
    data_seconds: float = 600
    drain_seconds: float = 10
    tls: ssl.SSLContext | None = None
    require_tls: bool = False


class Load:
    """What all connections of a listener hold at the moment."""

    def __init__(self, limits: MailListening) -> None:
        self._limits = limits
        self.sessions: set[Session] = set()
        self.bytes = 0

    @property
    def full(self) -> bool:
        """May no further connection come?"""
        return len(self.sessions) >= self._limits.connections

    @property
    def heavy(self) -> bool:
        """Are more mails on their way in than we can hold?"""
        return self.bytes > self._limits.memory_bytes


class Session(SMTP):
    """An SMTP session that is counted, timed and weighed."""

    _FLOOD = 20

    def __init__(self, handler: Any, limits: MailListening, load: Load) -> None:
        self.command_size_limits = defaultdict(lambda: self.command_size_limit)
        self.line_length_limit = limits.line_bytes
        self._limits = limits
        self._load = load
        self._weight = 0
        self.receiving = False
        super().__init__(
            handler,
            data_size_limit=limits.mail_bytes,
            enable_SMTPUTF8=True,
            hostname=limits.hostname,
            ident="Patchbay",
            tls_context=limits.tls,
            require_starttls=limits.require_tls,
            timeout=limits.command_seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=_call_limits(limits, self._FLOOD),
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._load.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.sessions.discard(self)
        self._unload()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Weigh what arrives: the library drops an endless mail only at its end."""
        if self.receiving:
            self._weight += len(data)
            self._load.bytes += len(data)
            if self._weight > 2 * self._limits.mail_bytes:
                self._hang_up(b"552 5.3.4 This mail has no end\r\n")
                return
            if self._load.heavy:
                self._hang_up(b"452 4.3.1 Too much mail at once, try again later\r\n")
                return
        super().data_received(data)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a mail, with more patience than for a command."""
        self.receiving = True
        self._reset_timeout(self._limits.data_seconds)
        try:
            await super().smtp_DATA(arg)
        finally:
            self.receiving = False
            self._unload()
            if self.transport is not None:
                self._reset_timeout()

    def hang_up(self) -> None:
        """End the connection: we are stopping (RFC 5321, 3.8)."""
        self._hang_up(b"421 4.3.2 Shutting down\r\n")

    def _timeout_cb(self) -> None:
        self._hang_up(b"421 4.4.2 Too slow\r\n")

    def _hang_up(self, farewell: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            _say(self.transport, farewell)
            self.transport.close()

    def _unload(self) -> None:
        self._load.bytes -= self._weight
        self._weight = 0


class LocalSession(Session, LMTP):
    """An LMTP session: behind a mail server that wants an answer for every recipient."""

    async def push(self, status: Any) -> None:
        """After a mail one reply for each recipient (RFC 2033, 4.2), also when none was read."""
        envelope = self.envelope
        if self.receiving and envelope is not None and str(status).startswith(("500 ", "552 ")):
            status = "\r\n".join([str(status)] * max(len(envelope.rcpt_tos), 1))
        await super().push(status)


class Busy(asyncio.Protocol):
    """A connection too many: told so and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _say(transport, b"421 4.7.0 Too many connections, try again later\r\n")
        transport.close()


def _say(transport: asyncio.BaseTransport, line: bytes) -> None:
    cast("asyncio.WriteTransport", transport).write(line)  # uvloop's is none by its class


def _call_limits(limits: MailListening, flood: int) -> dict[str, int]:
    """How often each command may come on one connection."""
    mails = limits.mails_per_connection
    each = dict.fromkeys(("MAIL", "DATA", "RSET"), mails)
    return {**each, "RCPT": mails * limits.recipients, "*": flood}
