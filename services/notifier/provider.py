"""One call to a provider, by HTTP or by mail, and what it meant."""

from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from services.notifier import metrics
from services.notifier.client import AnswerLost, Client, NotSent
from shared.channels import Channel, HttpReply, HttpRequest, MailReply, MailRequest, Outcome
from shared.channels.account import AccountSettings
from shared.clock import Clock
from shared.errors import PatchbayError

log = structlog.get_logger()

_HTTP_REFUSED = frozenset({401, 403})
_SMTP_REFUSED = frozenset({530, 534, 535, 538})
"""Authentication (RFC 4954, section 6)."""


class SendsMail(Protocol):
    """Submits a mail. Raises a PatchbayError that says whether nothing happened for certain."""

    async def send(self, account: Any, request: MailRequest) -> MailReply: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call meant. `refused`: the provider does not accept our credentials."""

    outcome: Outcome
    refused: bool = False


class Provider:
    """Calls providers and measures it."""

    def __init__(self, client: Client, mailer: SendsMail, clock: Clock) -> None:
        self._client = client
        self._mailer = mailer
        self._clock = clock

    async def send(
        self,
        channel: Channel[Any],
        account: AccountSettings,
        request: HttpRequest | MailRequest,
        **trace: str | int,
    ) -> Answer:
        """Make the call; every failure becomes an outcome. `trace` is logged with it."""
        started = self._clock.monotonic()
        try:
            reply = await self.call(account, request)
            answer = Answer(channel.confirm(reply), _refused(reply))
        except PatchbayError as error:
            reply = None
            answer = Answer(_failed(error))
        seconds = self._clock.monotonic() - started
        metrics.CALL_SECONDS.labels(channel.name).observe(seconds)
        log.debug(
            "provider_called",
            channel=channel.name,
            account=account.name,
            status=_status(reply),
            outcome=answer.outcome.kind,
            code=answer.outcome.code,
            seconds=round(seconds, 3),
            **trace,
        )
        return answer

    async def call(
        self, account: AccountSettings, request: HttpRequest | MailRequest
    ) -> HttpReply | MailReply:
        """The bare answer. Raises NotSent, AnswerLost or what the mailer raises."""
        if isinstance(request, MailRequest):
            return await self._mailer.send(account, request)
        return await self._client.call(account.channel, account.name, request)


def _refused(reply: HttpReply | MailReply) -> bool:
    if isinstance(reply, HttpReply):
        return reply.status in _HTTP_REFUSED
    return reply.code in _SMTP_REFUSED


def _failed(error: PatchbayError) -> Outcome:
    if isinstance(error, NotSent):
        return Outcome(error.kind, code=error.code, reason=str(error))
    if error.certain:
        return Outcome("retry", code=error.code, reason="The provider could not be asked.")
    lost = "The provider's answer did not come; it may have taken the message."
    return Outcome("unknown", code=AnswerLost.code, reason=lost)


def _status(reply: HttpReply | MailReply | None) -> int | None:
    if reply is None:
        return None
    return reply.status if isinstance(reply, HttpReply) else reply.code
