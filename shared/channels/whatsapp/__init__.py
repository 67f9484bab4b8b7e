"""WhatsApp by Meta's Cloud API."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, Outcome
from shared.channels.account import AccountSettings
from shared.channels.meta import webhook
from shared.channels.whatsapp import inbound, outbound
from shared.channels.whatsapp.identity import thread_of
from shared.channels.whatsapp.settings import WhatsAppSettings
from shared.events.outbound import OutboundMessage


class WhatsApp:
    """Limits: Meta, "Cloud API: throughput", "Messages"; one message per 6 s to one customer is
    sustained, 45 may be borrowed."""

    name: ClassVar[str] = "whatsapp"
    settings: ClassVar[type[AccountSettings]] = WhatsAppSettings
    limits: ClassVar[Limits] = Limits(
        text=4096,
        attachments=frozenset({"image", "audio", "video", "file", "sticker", "location"}),
        window_hours=24,
        human_window_hours=24,
        templates=True,
        receipts=True,
        per_second=80,
        per_recipient_seconds=6,
        burst_per_recipient=45,
        body_bytes=4 * 1024 * 1024,
    )

    def verify(self, request: HttpRequest, account: WhatsAppSettings, now: datetime) -> int:
        return webhook.verify(request, account)

    def handshake(self, request: HttpRequest, account: WhatsAppSettings) -> HttpReply:
        return webhook.handshake(request, account)

    def thread(self, address: str) -> tuple[str, ...]:
        return thread_of(address)

    def parse(self, request: HttpRequest, account: WhatsAppSettings, now: datetime) -> list[Item]:
        return inbound.parse(request.body)

    def acknowledge(
        self, request: HttpRequest, account: WhatsAppSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: WhatsAppSettings, now: datetime
    ) -> list[HttpRequest]:
        return outbound.compose(message, account, self.limits)

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, HttpReply)
        return outbound.confirm(reply)
