"""E-mail: SMTP or LMTP to our own listener, or Mailgun's routes; sent by SMTP submission."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, MailRequest, Outcome
from shared.channels.account import AccountSettings
from shared.channels.email import delivery, unsubscribe
from shared.channels.email.addresses import plain
from shared.channels.email.compose import compose_mail
from shared.channels.email.inbound import read_mail
from shared.channels.email.settings import EmailSettings
from shared.channels.email.status import confirmed
from shared.events.outbound import OutboundMessage

LARGEST_MAIL = 25 * 1024 * 1024
"""What the listeners take, in bytes: what large providers let people send."""


class Email:
    """`POST /webhooks/email/<account>/mime` for Mailgun, `…/unsubscribe/<token>` for one click.

    `parse` may meet anything: services run it in a worker process with bounds.
    """

    name: ClassVar[str] = "email"
    settings: ClassVar[type[AccountSettings]] = EmailSettings
    limits: ClassVar[Limits] = Limits(
        text=200_000,
        per_second=20,
        body_bytes=LARGEST_MAIL + 8 * 1024 * 1024,
    )

    def verify(self, request: HttpRequest, account: EmailSettings, now: datetime) -> int:
        """By Mailgun's signature or the token; what our own listener took needs none."""
        if delivery.is_smtp(request):
            return 0
        if unsubscribe.is_click(request):
            return unsubscribe.verify(request, account)
        return delivery.verify_mailgun(request, account, now)

    def parse(self, request: HttpRequest, account: EmailSettings, now: datetime) -> list[Item]:
        """One mail's items. Raises PayloadInvalid for a form without a mail, and for a mail that
        can be neither read nor kept."""
        if unsubscribe.is_click(request):
            return unsubscribe.clicked(request, account, now)
        return read_mail(delivery.read_delivery(request), account, now)

    def one_time(self, request: HttpRequest, account: EmailSettings) -> str | None:
        """Mailgun's token: a second request with it is a replay."""
        return None if unsubscribe.is_click(request) else delivery.one_time_token(request)

    def thread(self, address: str) -> tuple[str, ...]:
        return (plain(address) or address.strip().lower(),)

    def acknowledge(
        self, request: HttpRequest, account: EmailSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: EmailSettings, now: datetime
    ) -> list[MailRequest]:
        """One mail with one recipient."""
        return [compose_mail(message, account, self.limits)]

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, MailReply)
        return confirmed(reply)
