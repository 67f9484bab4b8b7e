"""Apple Messages for Business, as its messaging service provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, Outcome
from shared.channels.account import AccountSettings
from shared.channels.apple import inbound, outbound, token
from shared.channels.apple.settings import AppleSettings
from shared.events.outbound import OutboundMessage


class Apple:
    """Limits: Apple publishes neither a rate nor a longest text; ours are what providers are known
    to work with. That it drops a repeated id is not documented, so a send is not called idempotent.
    """

    name: ClassVar[str] = "apple"
    settings: ClassVar[type[AccountSettings]] = AppleSettings
    limits: ClassVar[Limits] = Limits(
        text=3000,
        attachments=frozenset({"image", "audio", "video", "file"}),
        cold_start=False,
        body_bytes=1024 * 1024,
        compressed=True,
    )

    def verify(self, request: HttpRequest, account: AppleSettings, now: datetime) -> int:
        return token.verify(request, account, now)

    def parse(self, request: HttpRequest, account: AppleSettings, now: datetime) -> list[Item]:
        return inbound.parse(request, now)

    def acknowledge(
        self, request: HttpRequest, account: AppleSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: AppleSettings, now: datetime
    ) -> list[HttpRequest]:
        return outbound.compose(message, account, self.limits, now)

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, HttpReply)
        return outbound.confirm(reply)
