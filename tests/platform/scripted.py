"""Channels of the tests' own, for when a provider's behaviour is the point.

`scripted` knows no idempotency and sends receipts, `steady` may be sent the same id twice, and
`asking` can be asked what became of a message.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import orjson

from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, Outcome
from shared.channels.account import AccountSettings
from shared.channels.registry import CHANNELS
from shared.events.outbound import OutboundMessage


class Scripted:
    """One call per part of the text, parts being separated by `|`."""

    name: ClassVar[str] = "scripted"
    settings: ClassVar[type[AccountSettings]] = AccountSettings
    limits: ClassVar[Limits] = Limits(
        text=1000,
        window_hours=24,
        human_window_hours=24 * 7,
        templates=True,
        receipts=True,
        per_second=1000,
    )

    def verify(self, request: HttpRequest, account: AccountSettings, now: datetime) -> int:
        return 0

    def parse(
        self, request: HttpRequest, account: AccountSettings, now: datetime
    ) -> Sequence[Item]:
        return ()

    def acknowledge(
        self, request: HttpRequest, account: AccountSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: AccountSettings, now: datetime
    ) -> Sequence[HttpRequest]:
        assert message.text != "poison", "what nobody expected"
        return [
            HttpRequest(
                "POST",
                f"{account.base_url}/{account.name}/send",
                {"content-type": "application/json"},
                orjson.dumps(
                    {
                        "id": message.id,
                        "part": part,
                        "to": message.to,
                        "text": text,
                        "template": message.template.name if message.template else None,
                    }
                ),
            )
            for part, text in enumerate((message.text or "").split("|"))
        ]

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, HttpReply)
        if reply.status == 401:
            return Outcome("misconfigured", code="401", reason="token")
        if reply.status == 429:
            return Outcome("throttled", after=float(reply.headers["retry-after"]), code="429")
        if reply.status == 503:
            return Outcome("retry", code="503")
        if 300 <= reply.status < 500:
            return Outcome("misconfigured", code=str(reply.status))
        try:
            body = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            return Outcome("unknown", code=str(reply.status))
        kind = body.get("kind", "accepted")
        return Outcome(kind, provider_id=body.get("provider_id"), reason=body.get("reason"))


class Steady(Scripted):
    """Sending the same id again is harmless here; no window, and no receipts."""

    name: ClassVar[str] = "steady"
    limits: ClassVar[Limits] = replace(
        Scripted.limits,
        idempotent=True,
        window_hours=None,
        human_window_hours=None,
        templates=False,
        receipts=False,
    )


class Asking(Scripted):
    """Its provider can be asked what became of a message."""

    name: ClassVar[str] = "asking"

    def lookup(
        self, message: OutboundMessage, account: AccountSettings, now: datetime
    ) -> HttpRequest:
        return HttpRequest("GET", f"{account.base_url}/{account.name}/lookup/{message.id}")

    def found(self, message: OutboundMessage, reply: HttpReply) -> Outcome | None:
        kinds = orjson.loads(reply.body)["found"]
        return Outcome(kinds[0], provider_id="p-asked") if kinds else None


@contextmanager
def scripted_channels(**limits: Any) -> Iterator[None]:
    """Register the tests' channels, with these limits changed."""
    kinds: tuple[type[Scripted], ...] = (Scripted, Steady, Asking)
    before = [kind.limits for kind in kinds]
    for kind in kinds:
        kind.limits = replace(kind.limits, **limits)
        CHANNELS[kind.name] = kind()
    try:
        yield
    finally:
        for kind, was in zip(kinds, before, strict=True):
            kind.limits = was
            del CHANNELS[kind.name]
