"""Messages to gateway calls (Apple, "Messages for Business REST API": sending), and its answers."""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from shared.channels import HttpReply, HttpRequest, Limits, Outcome
from shared.channels.apple.errors import STATUSES
from shared.channels.apple.settings import AppleSettings
from shared.channels.apple.token import bearer
from shared.channels.fit import Unsendable, check_attachments, link_of, split_text
from shared.channels.handles import handle
from shared.channels.meaning import http_meaning, outcome, retry_after
from shared.events.outbound import OutboundMessage

Body = dict[str, Any]

_NAMESPACE = uuid.UUID("6f0a3f5e-6f0b-4d0e-9a52-0c9b9a3c7d11")
_ONLY_A_LINK = re.compile(r"https?://\S+")


def message_id(message: str, part: int) -> str:
    """Apple's id of a call: the same call has the same id however often it is tried (RFC 9562,
    version 5), which is the only handle Apple could recognise a repetition by."""
    return str(uuid.uuid5(_NAMESPACE, handle(message, part)))


def compose(
    message: OutboundMessage, account: AppleSettings, limits: Limits, now: datetime
) -> list[HttpRequest]:
    """One call per text part and per file; a link by itself, and a file, goes as a rich link."""
    if message.kind == "call":
        raise Unsendable("rejected_content", "Apple Messages carries no calls of ours")
    if not message.to:
        raise Unsendable("unreachable", "the customer has no address on Apple Messages")
    check_attachments(message, limits)
    contents = list(_contents(message, limits))
    if not contents:
        raise Unsendable("rejected_content", "the message has no text for Apple Messages")
    authorization = bearer(account, now)
    return [
        _call(message, account, authorization, part, content)
        for part, content in enumerate(contents)
    ]


def _contents(message: OutboundMessage, limits: Limits) -> Iterator[Body]:
    text = (message.text or "").strip()
    if _ONLY_A_LINK.fullmatch(text):
        yield _rich_link(text, None)
    elif text:
        yield from ({"type": "text", "body": part} for part in split_text(text, limits.text))
    for attachment in message.attachments:
        yield _rich_link(link_of(attachment), attachment.name)


def _rich_link(url: str, title: str | None) -> Body:
    return {"type": "richLink", "richLinkData": {"url": url, "title": title or _host(url)}}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _call(
    message: OutboundMessage, account: AppleSettings, authorization: str, part: int, content: Body
) -> HttpRequest:
    apple_id = message_id(message.id, part)
    body = {
        "v": 1,
        "id": apple_id,
        "sourceId": account.business_id,
        "destinationId": message.to,
        **_locale(message.language),
        **content,
    }
    headers = {
        "authorization": authorization,
        "content-type": "application/json",
        "id": apple_id,
        "source-id": account.business_id,
        "destination-id": message.to,
        "auto-reply": "false" if message.human else "true",
        "msp-agent": account.agent,
    }
    url = f"{account.base_url.rstrip('/')}/message"
    return HttpRequest("POST", url, headers, orjson.dumps(body))


def _locale(language: str) -> Body:
    """Apple wants language and region (`en_US`); a language alone is left out."""
    language, _, region = language.replace("-", "_").partition("_")
    return {"locale": f"{language.lower()}_{region.upper()}"} if region else {}


def confirm(reply: HttpReply) -> Outcome:
    """200 with an empty body means taken; Apple gives no id and reports nothing later."""
    if 200 <= reply.status < 300:
        return Outcome("accepted")
    meaning = STATUSES.get(reply.status) or http_meaning(reply.status)
    return outcome(meaning, code=str(reply.status), after=retry_after(reply.headers))
