"""What a customer's event says, in our words (Meta, "Messenger Platform: webhook events")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.channels.consent import consent_in
from shared.channels.messenger import wire
from shared.channels.payload import known, read_item
from shared.events.inbound import ActionKind, Attachment, AttachmentKind

_FILES: Mapping[str, AttachmentKind] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "like_heart": "sticker",
}


@dataclass(frozen=True, slots=True)
class Content:
    """The part of an action that depends on the event. `key` is the provider's for this event;
    None when it has none and one is made of what the event says.
    """

    kind: ActionKind
    key: str | None = None
    provider_id: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    payload: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    automatic: bool = False
    opens_window: bool = True


def message(raw: Any, where: str) -> Content:
    """A message, the tap on a quick reply, or a message taken back."""
    found = read_item(wire.Message, raw, where)
    if found.is_deleted:
        return Content("delete", f"{found.mid}:delete", reply_to=found.mid, opens_window=False)
    attachments = _attachments(found, where)
    tapped = found.quick_reply.payload if found.quick_reply else None
    unreadable = found.is_unsupported or not (found.text or attachments or tapped)
    hints = {
        "unsupported": "unknown" if unreadable else None,
        "consent": consent_in(found.text),
        "story": found.reply_to.story.url if found.reply_to.story else None,
    }
    return Content(
        "postback" if tapped else "message",
        found.mid,
        text=found.text,
        attachments=attachments,
        reply_to=found.reply_to.mid,
        payload=tapped,
        hints={**known(hints), **_referral(found.referral)},
    )


def _attachments(found: wire.Message, where: str) -> tuple[Attachment, ...]:
    """During 2026 a sticker is sent twice, as a sticker and as a picture: the picture is left out.

    Source: Meta, "Messenger Platform: changelog", 2026.
    """
    read = [
        read_item(wire.Attachment, raw, f"{where}.attachments.{index}")
        for index, raw in enumerate(found.attachments)
    ]
    stickers = {one.payload.sticker_id for one in read if one.type == "sticker"}
    return tuple(
        _attachment(one)
        for one in read
        if one.type == "sticker" or not stickers & {one.payload.sticker_id} - {None}
    )


def _attachment(found: wire.Attachment) -> Attachment:
    """A location, a file behind a signed address, or (shares, reels) a link with its title."""
    place = found.payload.coordinates
    if place is not None:
        extra = known({"latitude": place.lat, "longitude": place.long})
        return Attachment(kind="location", name=found.title, extra=extra)
    sticker = found.payload.sticker_id
    kind: AttachmentKind = "sticker" if sticker else _FILES.get(found.type, "file")
    url = found.payload.url or found.url
    extra = known({"sticker": sticker, "type": None if kind == found.type else found.type})
    fetchable = found.type in _FILES and url is not None
    return Attachment(
        kind=kind,
        fetch="signed_url" if fetchable else "none",
        provider_ref=url,
        name=found.title or found.payload.title,
        extra=extra,
    )


def edit(raw: Any, where: str) -> Content:
    """A message written anew; `reply_to` names the one it replaces."""
    found = read_item(wire.Edit, raw, where)
    key = f"{found.mid}:edit:{found.num_edit}"
    return Content("edit", key, text=found.text, reply_to=found.mid, opens_window=False)


def reaction(raw: Any, where: str) -> Content:
    """An emoji put on a message, or taken off."""
    found = read_item(wire.Reaction, raw, where)
    return Content(
        "reaction",
        text=found.emoji or found.reaction,
        payload="unreact" if found.action == "unreact" else "react",
        reply_to=found.mid,
    )


def postback(raw: Any, where: str) -> Content:
    """A tap on a button, the menu or "Get started"."""
    found = read_item(wire.Postback, raw, where)
    return Content(
        "postback",
        found.mid,
        text=found.title,
        payload=found.payload,
        hints=_referral(found.referral),
    )


def referral(raw: Any, where: str) -> Content:
    """The thread was opened again through a link or an advertisement; nothing was said yet."""
    found = read_item(wire.Referral, raw, where)
    return Content("postback", payload=found.ref, hints=_referral(found), automatic=True)


def optin(raw: Any, where: str) -> Content:
    """Marketing messages were allowed, stopped or resumed; a plugin's button is a tap."""
    found = read_item(wire.Optin, raw, where)
    if found.type != "notification_messages":
        hints = known({"referral": found.ref})
        return Content("postback", payload=found.payload or found.ref, hints=hints)
    stopped = (found.notification_messages_status or "").startswith("STOP")
    return Content(
        "consent",
        payload="stop" if stopped else "resume",
        hints=known({"purpose": "marketing", "topic": found.title}),
        opens_window=False,
    )


def _referral(found: wire.Referral | None) -> dict[str, str]:
    if found is None:
        return {}
    return known(
        {
            "referral": found.ref,
            "referral_source": found.source,
            "advertisement": found.ad_id,
            "advertisement_title": found.ads_context_data.ad_title,
            "product": found.ads_context_data.product_id,
        }
    )
