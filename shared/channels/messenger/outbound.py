"""Messages to Send API calls (Meta, "Messenger Platform: Send API"), and what its answers mean."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.channels import HttpReply, HttpRequest, Limits, Outcome
from shared.channels.fit import Unsendable, check_attachments, link_of, split_text
from shared.channels.handles import handle
from shared.channels.messenger.errors import CODES, SUBCODES
from shared.channels.messenger.settings import MessengerSettings
from shared.channels.meta.errors import failed, read_reply
from shared.channels.meta.templates import template
from shared.events.outbound import OutboundMessage

Body = dict[str, Any]


def compose(
    message: OutboundMessage, account: MessengerSettings, limits: Limits, now: datetime
) -> list[HttpRequest]:
    """One call per text part and per file. Raises Unsendable outside every reply window."""
    if message.kind == "call":
        raise Unsendable("rejected_content", "Messenger carries no calls of ours")
    if not message.to:
        raise Unsendable("unreachable", "the customer has no address on Messenger")
    check_attachments(message, limits)
    contents = list(_template(message) if message.template else _contents(message, limits))
    if not contents:
        raise Unsendable("rejected_content", "the message is empty")
    head: Body = {"recipient": {"id": message.to}, **_permission(message, account, limits, now)}
    calls = [
        {**head, "message": {**content, "metadata": handle(message.id, part)}}
        for part, content in enumerate(contents)
    ]
    if message.reply_to:
        calls[0]["reply_to"] = {"mid": message.reply_to}
    url, headers = account.send_url(), account.headers()
    return [HttpRequest("POST", url, headers, orjson.dumps(call)) for call in calls]


def _permission(
    message: OutboundMessage, account: MessengerSettings, limits: Limits, now: datetime
) -> Body:
    """On what ground we may write (Meta, "Messenger Platform: policy overview").

    Inside the window anything goes. After it a person's answer carries the HUMAN_AGENT tag while
    its longer window lasts, where the page has the permission. An approved utility template goes
    at any time. A reply whose window nobody knows is left to Messenger's judgement.
    """
    if message.template is not None:
        return {"messaging_type": "UTILITY"}
    ends = message.window_expires_at
    if ends is None and message.kind == "alert":
        raise Unsendable("window_closed", "the customer has not written on Messenger lately")
    if ends is None or now < ends:
        return {"messaging_type": "UPDATE" if message.kind == "alert" else "RESPONSE"}
    longer = timedelta(hours=(limits.human_window_hours or 0) - (limits.window_hours or 0))
    if message.human and account.human_agent and now < ends + longer:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise Unsendable("window_closed", "the time to answer this customer on Messenger is over")


def _template(message: OutboundMessage) -> Iterator[Body]:
    assert message.template is not None
    if message.attachments:
        raise Unsendable("rejected_content", "a utility template carries no file")
    yield {"template": template(message.template, None)}


def _contents(message: OutboundMessage, limits: Limits) -> Iterator[Body]:
    text = (message.text or "").strip()
    if text:
        yield from ({"text": part} for part in split_text(text, limits.text))
    for attachment in message.attachments:
        payload = {"url": link_of(attachment), "is_reusable": False}
        yield {"attachment": {"type": attachment.kind, "payload": payload}}


def confirm(reply: HttpReply) -> Outcome:
    """A 2xx that cannot be read leaves open whether the message went out."""
    if not 200 <= reply.status < 300:
        return failed(reply, CODES, SUBCODES)
    provider_id = read_reply(reply.body).get("message_id")
    if not isinstance(provider_id, str) or not provider_id:
        return Outcome(
            "unknown", code=str(reply.status), reason="Messenger's answer is unreadable."
        )
    return Outcome("accepted", provider_id)
