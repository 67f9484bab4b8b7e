"""Facebook Messenger by Meta's Messenger Platform."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, Outcome
from shared.channels.account import AccountSettings
from shared.channels.messenger import inbound, outbound
from shared.channels.messenger.settings import MessengerSettings
from shared.channels.meta import webhook
from shared.events.outbound import OutboundMessage


class Messenger:
    """Limits: Meta, "Messenger Platform: Send API", "Rate limits" (300 texts a second per page;
    10 for audio and video, which throttle by themselves), "Policy overview" (24 hours, 7 days)."""

    name: ClassVar[str] = "messenger"
    settings: ClassVar[type[AccountSettings]] = MessengerSettings
    limits: ClassVar[Limits] = Limits(
        text=2000,
        attachments=frozenset({"image", "audio", "video", "file"}),
        window_hours=24,
        human_window_hours=168,
        templates=True,
        cold_start=False,
        receipts=True,
        per_second=300,
        body_bytes=4 * 1024 * 1024,
    )

    def verify(self, request: HttpRequest, account: MessengerSettings, now: datetime) -> int:
        return webhook.verify(request, account)

    def handshake(self, request: HttpRequest, account: MessengerSettings) -> HttpReply:
        return webhook.handshake(request, account)

    def parse(self, request: HttpRequest, account: MessengerSettings, now: datetime) -> list[Item]:
        return inbound.parse(request.body, account)

    def acknowledge(
        self, request: HttpRequest, account: MessengerSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: MessengerSettings, now: datetime
    ) -> list[HttpRequest]:
        return outbound.compose(message, account, self.limits, now)

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, HttpReply)
        return outbound.confirm(reply)
