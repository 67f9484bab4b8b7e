"""A customer with a mail program, before a running ingest service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from patchbay.demo.providers.email import Letter, MailServer, first_mail, hand_over
from services.notifier.mailer import open_mailer
from shared.channels.account import ResolvedSecret
from shared.channels.email import Email
from shared.channels.email.settings import EmailSettings
from shared.clock import SystemClock
from shared.events.outbound import MailThread, OutboundMessage
from tests.platform.ingesting import ENVIRONMENT, Ingest, running_ingest

CONFIG = Path(__file__).parent / "ingest_mail.yaml"
ANNA, SUPPORT = "anna@home.example", "support@shop.example"
CLOCK = SystemClock()


@asynccontextmanager
async def running_mail(redis_url: str, spool: Path, **options: Any) -> AsyncIterator[Ingest]:
    """The service with its mail listeners."""
    given = {"mail_workers": 1, "lmtp_port": 0, **options}
    async with running_ingest(redis_url, spool, config=CONFIG, last="lmtp", **given) as running:
        yield running


def mail(text: str = "Where is my parcel?", message_id: str = "<one@home.example>") -> bytes:
    """A mail of Anna's."""
    return first_mail(ANNA, "Anna", SUPPORT, "Parcel", text, message_id, CLOCK.now())


async def deliver(ingest: Ingest, content: bytes, to: str = SUPPORT, sender: str = ANNA) -> int:
    """By SMTP; the final code."""
    return await hand_over("127.0.0.1", ingest.ports["smtp"], sender, to, content)


def account(port: int) -> EmailSettings:
    """The account as in the configuration, submitting to a port."""
    return EmailSettings.model_validate(
        {
            "name": "mail",
            "workspace": "acme",
            "addresses": [SUPPORT],
            "from_name": "Shop",
            "thread_secret": ResolvedSecret(ENVIRONMENT["MAIL"]),
            "submission": {"port": port, "tls": "none"},
        }
    )


async def reply_to(event: dict[str, Any], text: str) -> Letter:
    """Our answer to an event, composed, submitted and delivered to the customer."""
    data = event["data"]
    action = data["action"]
    message = OutboundMessage(
        id="msg_00112233445566778899aabb",
        workspace="acme",
        channel="email",
        account="mail",
        conversation_key=data["conversation_key"],
        to=action["sender"]["address"],
        text=text,
        mail=MailThread(
            subject=action["mail"]["subject"], in_reply_to=action["mail"]["message_id"]
        ),
        written_at=CLOCK.now(),
    )
    letters: asyncio.Queue[Letter] = asyncio.Queue()
    async with (
        MailServer(letters.put).listening("127.0.0.1", 0) as port,
        open_mailer(CLOCK) as mailer,
    ):
        [request] = Email().compose(message, account(port), CLOCK.now())
        outcome = Email().confirm(await mailer.send(account(port), request))
    assert outcome.kind == "accepted"
    return letters.get_nowait()
