"""Messages to Cloud API calls (Meta, "Cloud API: messages"), and what its answers mean."""

from collections.abc import Iterator
from typing import Any

import orjson

from shared.channels import HttpReply, HttpRequest, Limits, Outcome
from shared.channels.fit import Unsendable, check_attachments, link_of, split_text
from shared.channels.handles import handle
from shared.channels.meta.errors import failed, read_reply
from shared.channels.meta.templates import template
from shared.channels.whatsapp.errors import CODES
from shared.channels.whatsapp.identity import digits_of, is_bsuid
from shared.channels.whatsapp.settings import WhatsAppSettings
from shared.events.inbound import Attachment
from shared.events.outbound import OutboundMessage

CAPTION = 1024
_CAPTIONED = frozenset({"image", "video", "file"})
_TYPES = {"file": "document"}
_HELD = {
    "held_for_quality_assessment": "WhatsApp holds the message until it has judged the template.",
    "paused": "WhatsApp has paused the template; the message may not be delivered.",
}

Body = dict[str, Any]


def compose(
    message: OutboundMessage, account: WhatsAppSettings, limits: Limits
) -> list[HttpRequest]:
    """One call per text part and file; a caption saves one. The reply quotes in its first call."""
    if message.kind == "call":
        raise Unsendable("rejected_content", "WhatsApp carries no calls of ours")
    check_attachments(message, limits)
    bodies = list(_template(message) if message.template else _bodies(message, account, limits))
    if not bodies:
        raise Unsendable("rejected_content", "the message is empty")
    if message.reply_to:
        bodies[0]["context"] = {"message_id": message.reply_to}
    return [
        HttpRequest(
            "POST",
            account.url(f"{account.phone_number_id}/messages"),
            account.headers(),
            orjson.dumps(
                {
                    "messaging_product": "whatsapp",
                    **_recipient(message.to),
                    "biz_opaque_callback_data": handle(message.id, part),
                    **body,
                }
            ),
        )
        for part, body in enumerate(bodies)
    ]


def _recipient(to: str) -> Body:
    """A BSUID goes into `recipient`, a number or a group's id into `to`."""
    if is_bsuid(to):
        return {"recipient_type": "individual", "recipient": to}
    number = digits_of(to)
    if number is not None:
        return {"recipient_type": "individual", "to": number}
    if not to:
        raise Unsendable("unreachable", "the customer has no address on WhatsApp")
    return {"recipient_type": "group", "to": to}


def _template(message: OutboundMessage) -> Iterator[Body]:
    assert message.template is not None
    if len(message.attachments) > 1:
        raise Unsendable("rejected_content", "a template carries one file at most")
    media = None
    for attachment in message.attachments:
        kind, file = _file(attachment)
        if kind not in ("image", "video", "document"):
            raise Unsendable("rejected_content", f"a template carries no file of kind {kind}")
        media = {"type": kind, kind: file}
    yield {"type": "template", "template": template(message.template, media)}


def _bodies(message: OutboundMessage, account: WhatsAppSettings, limits: Limits) -> Iterator[Body]:
    text = (message.text or "").strip()
    first = message.attachments[0] if message.attachments else None
    caption = text if first and first.kind in _CAPTIONED and len(text) <= CAPTION else ""
    if text and not caption:
        for part in split_text(text, limits.text):
            yield {"type": "text", "text": {"body": part, "preview_url": account.link_previews}}
    for attachment in message.attachments:
        yield _attachment(attachment, caption if attachment is first else "")


def _attachment(attachment: Attachment, caption: str) -> Body:
    if attachment.kind == "location":
        return {"type": "location", "location": _place(attachment)}
    kind, file = _file(attachment)
    if caption:
        file["caption"] = caption
    return {"type": kind, kind: file}


def _file(attachment: Attachment) -> tuple[str, Body]:
    """The type's name and its object: a file uploaded before is named by id, any other by link."""
    kind = _TYPES.get(attachment.kind, attachment.kind)
    if attachment.fetch == "bearer" and attachment.provider_ref:
        file: Body = {"id": attachment.provider_ref}
    else:
        file = {"link": link_of(attachment)}
    if kind == "document" and attachment.name:
        file["filename"] = attachment.name
    return kind, file


def _place(attachment: Attachment) -> Body:
    try:
        place: Body = {key: float(attachment.extra[key]) for key in ("latitude", "longitude")}
    except (KeyError, ValueError):
        raise Unsendable("rejected_content", "the location has no coordinates") from None
    named = {"name": attachment.name, "address": attachment.extra.get("address")}
    return {**place, **{key: value for key, value in named.items() if value}}


def confirm(reply: HttpReply) -> Outcome:
    """Accepted means taken, not delivered: a failure may still come as a status.

    A 2xx that cannot be read leaves open whether the message went out.
    """
    if not 200 <= reply.status < 300:
        return failed(reply, CODES, {})
    messages = read_reply(reply.body).get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    provider_id = first.get("id") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(provider_id, str) or not provider_id:
        return Outcome("unknown", code=str(reply.status), reason="WhatsApp's answer is unreadable.")
    state = str(first.get("message_status", "accepted"))
    reason = _HELD.get(state)
    return Outcome("accepted", provider_id, code=state if reason else None, reason=reason)
