"""Handing mails in by SMTP submission (RFC 6409), on connections that are kept for a while."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException, SMTPServerDisconnected

from services.notifier.client import AnswerLost, NotSent
from shared.channels import MailReply, MailRequest
from shared.channels.email.settings import EmailSettings
from shared.clock import Clock

_IDLE_SECONDS = 20.0
_BROKEN = (SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)


@dataclass(slots=True)
class _Connection:
    """One dialogue. `used_at` is when it last carried a mail."""

    client: aiosmtplib.SMTP
    used_at: float
    fresh: bool = True

    async def hand_in(self, request: MailRequest) -> MailReply:
        """The server's final answer.

        Raises NotSent while the mail has certainly not been taken, AnswerLost when the connection
        broke or fell silent after the mail's text had been begun.
        """
        try:
            refused = await self._envelope(request)
        except _BROKEN as error:
            raise NotSent("retry", "The mail server broke off before it took the mail.") from error
        if refused is not None:
            return refused
        try:
            taken = await self.client.data(request.content)
        except aiosmtplib.SMTPDataError as error:
            return _reply(error)
        except _BROKEN as error:
            raise AnswerLost(type(error).__name__) from error
        return MailReply(taken.code, taken.message)

    async def _envelope(self, request: MailRequest) -> MailReply | None:
        everything = (request.sender, *request.recipients)
        ascii_only = all(address.isascii() for address in everything)
        options = () if ascii_only else ("SMTPUTF8",)
        encoding = "ascii" if ascii_only else "utf-8"
        try:
            await self.client.mail(request.sender, options=options, encoding=encoding)
            for recipient in request.recipients:
                await self.client.rcpt(recipient, encoding=encoding)
        except SMTPResponseException as error:
            with suppress(SMTPException, OSError):
                await self.client.rset()
            return _reply(error)
        return None

    async def close(self) -> None:
        """Say goodbye if there is still somebody to say it to."""
        with suppress(SMTPException, OSError, TimeoutError):
            await self.client.quit(timeout=2)
        self.client.close()


class _Pool:
    """The connections of one account: each carries one mail at a time."""

    def __init__(self, account: EmailSettings, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._room = asyncio.Semaphore(account.submission.connections)
        self._idle: list[_Connection] = []

    async def send(self, request: MailRequest) -> MailReply:
        async with self._room:
            try:
                return await self._send(request)
            except SMTPResponseException as error:
                return _not_let_in(error)

    async def _send(self, request: MailRequest) -> MailReply:
        connection = await self._take()
        try:
            return await self._use(connection, request)
        except NotSent:
            if connection.fresh:
                raise
        # The server had closed a kept connection: the mail was not begun, so ask a new one.
        return await self._use(await self._open(), request)

    async def _use(self, connection: _Connection, request: MailRequest) -> MailReply:
        kept = False
        try:
            reply = await connection.hand_in(request)
            kept = reply.code != 421 and connection.client.is_connected
        finally:
            if not kept:
                connection.client.close()
        connection.fresh = False
        connection.used_at = self._clock.monotonic()
        if kept:
            self._idle.append(connection)
        return reply

    async def _take(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            age = self._clock.monotonic() - connection.used_at
            if age < _IDLE_SECONDS and connection.client.is_connected:
                return connection
            await connection.close()
        return await self._open()

    async def _open(self) -> _Connection:
        client = _client(self._account)
        try:
            await client.connect()
        except SMTPResponseException:
            raise
        except _BROKEN as error:
            if ssl.SSLCertVerificationError in (type(error), type(error.__cause__)):
                reason = "The mail server's certificate is not trusted."
                raise NotSent("misconfigured", reason) from error
            raise NotSent("retry", "The mail server cannot be reached.") from error
        except SMTPException as error:
            reason = "The mail server does not offer what the account asks for (TLS, signing in)."
            raise NotSent("misconfigured", reason) from error
        return _Connection(client, self._clock.monotonic())

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class Mailer:
    """Sends mails for all accounts; opened by `open_mailer`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pools: dict[str, _Pool] = {}

    async def send(self, account: EmailSettings, request: MailRequest) -> MailReply:
        """The server's answer, whatever it is. Raises NotSent or AnswerLost."""
        pool = self._pools.get(account.name)
        if pool is None:
            pool = self._pools[account.name] = _Pool(account, self._clock)
        return await pool.send(request)

    async def close(self) -> None:
        """Close every kept connection."""
        for pool in self._pools.values():
            await pool.close()


@asynccontextmanager
async def open_mailer(clock: Clock) -> AsyncIterator[Mailer]:
    """A mailer whose connections are closed at the end."""
    mailer = Mailer(clock)
    try:
        yield mailer
    finally:
        await mailer.close()


def _client(account: EmailSettings) -> aiosmtplib.SMTP:
    submission = account.submission
    password = submission.password
    return aiosmtplib.SMTP(
        hostname=submission.host,
        port=submission.port,
        local_hostname=submission.hostname,
        username=submission.username,
        password=password.get_secret_value() if password is not None else None,
        use_tls=submission.tls == "implicit",
        start_tls=submission.tls == "starttls",
        timeout=submission.timeout_seconds,
    )


def _reply(error: SMTPResponseException) -> MailReply:
    return MailReply(error.code, error.message)


def _not_let_in(error: SMTPResponseException) -> MailReply:
    """The server answered, but not with a welcome. Raises NotSent when it will never be one."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) or 400 <= error.code < 500:
        return _reply(error)
    reason = "The mail server does not take mail from us."
    raise NotSent("misconfigured", reason) from error
