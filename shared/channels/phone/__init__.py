"""Phone calls by Twilio Voice. The whole menu is answered from configuration alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from shared.channels import (
    HttpReply,
    HttpRequest,
    Incoming,
    Item,
    Limits,
    MailReply,
    Outcome,
    Unprocessed,
    WaitFacts,
)
from shared.channels.account import AccountSettings
from shared.channels.phone import outbound, replies, signature
from shared.channels.phone.flow import decide
from shared.channels.phone.inbound import Teller
from shared.channels.phone.settings import PhoneSettings
from shared.channels.phone.speak import speak
from shared.channels.phone.turn import canonical, read
from shared.clock import milliseconds
from shared.events.outbound import OutboundMessage

_TWIML = {"content-type": "text/xml; charset=utf-8"}


class Phone:
    """Twilio Voice. `POST /webhooks/phone/<account>[/<step>]`; each step names the next."""

    name: ClassVar[str] = "phone"
    settings: ClassVar[type[AccountSettings]] = PhoneSettings
    limits: ClassVar[Limits] = Limits(
        text=3000,
        receipts=True,
        redelivers=False,
        body_bytes=65_536,
    )

    def verify(self, request: HttpRequest, account: PhoneSettings, now: datetime) -> int:
        """X-Twilio-Signature over the public address and the form."""
        return signature.verify(request, account)

    def parse(self, request: HttpRequest, account: PhoneSettings, now: datetime) -> Sequence[Item]:
        """What the call's step tells; holding the line tells nothing."""
        turn = read(request, account)
        teller = Teller(turn, account, now)
        is_open = account.hours is None or account.hours.is_open(milliseconds(now))
        step = decide(turn, account, is_open=is_open)
        if step is not None:
            return teller.of_step(step)
        if turn.path == "recording":
            return [teller.voicemail()]
        reports = {"status": teller.status, "leg": teller.leg, "agent": teller.agent}
        reports["ring"] = teller.ring
        if turn.path in reports:
            return reports[turn.path]()
        return [Unprocessed(None, "unknown_type", turn.path[:100], request.body)]

    def acknowledge(
        self, request: HttpRequest, account: PhoneSettings, items: Sequence[Item]
    ) -> HttpReply:
        """TwiML for a step of the call, 204 for a callback."""
        return self.acknowledge_waiting(request, account, items, None)

    def waiting_thread(
        self, request: HttpRequest, account: PhoneSettings
    ) -> tuple[str, ...] | None:
        """The caller, while he holds the line."""
        turn = read(request, account)
        return (turn.customer,) if turn.path == "wait" else None

    def acknowledge_waiting(
        self,
        request: HttpRequest,
        account: PhoneSettings,
        items: Sequence[Item],
        wait: WaitFacts | None,
    ) -> HttpReply:
        """`acknowledge`; who holds the line hears where he stands."""
        turn = read(request, account)
        step = decide(turn, account, is_open=not _said_closed(items))
        if step is None:
            return HttpReply(204)
        return HttpReply(200, _TWIML, speak(turn, account, step, wait))

    def thread(self, address: str) -> tuple[str, ...]:
        """Addresses: the thread of whoever has this number."""
        return (canonical(address),)

    def compose(
        self, message: OutboundMessage, account: PhoneSettings, now: datetime
    ) -> Sequence[HttpRequest]:
        """One REST call."""
        return [outbound.compose(message, account)]

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        """Twilio's answer to a REST call."""
        if isinstance(reply, MailReply):
            raise TypeError("a call is not confirmed by SMTP")
        return replies.confirm(reply)

    def lookup(
        self, message: OutboundMessage, account: PhoneSettings, now: datetime
    ) -> HttpRequest:
        """Reconciles: was the call made?"""
        return replies.lookup(message, account)

    def found(self, message: OutboundMessage, reply: HttpReply) -> Outcome | None:
        """Reconciles: what the list of calls says."""
        return replies.found(message, reply)


def _said_closed(items: Sequence[Item]) -> bool:
    """Whether the line was open was decided when the call was recorded; stay with it."""
    return any(
        isinstance(item, Incoming)
        and item.action.call is not None
        and item.action.call.reason == "closed"
        for item in items
    )
