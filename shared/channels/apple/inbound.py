"""One post, one message (Apple, "Messages for Business REST API": receiving messages)."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.channels import HttpRequest, Incoming, Item
from shared.channels.apple import wire
from shared.channels.apple.answers import answer
from shared.channels.apple.body import inflate
from shared.channels.batch import each, unknown
from shared.channels.consent import consent_in
from shared.channels.payload import known, read_item, read_object
from shared.errors import PayloadInvalid
from shared.events.inbound import Action, ActionKind, Attachment, AttachmentKind, Sender

_PLACE_OF_FILE = "\ufffc"
_TYPING = {"typing_start": "start", "typing_end": "end"}
_KINDS: Mapping[str, AttachmentKind] = {"image": "image", "audio": "audio", "video": "video"}


def parse(request: HttpRequest, now: datetime) -> list[Item]:
    """The message, and one Unprocessed for each file of it that cannot be read.

    Apple sends no time, so it happened now. Raises PayloadInvalid when the body is no JSON object.
    """
    raw = read_object(inflate(request.body))
    headers = request.headers
    business = headers.get("destination-id") or raw.get("destinationId")
    recipient = business if isinstance(business, str) else None

    def read(item: Any, _: str) -> Iterable[Item]:
        return _items(read_item(wire.Message, item, "body"), item, headers, now)

    return list(each([raw], "body", read, recipient=recipient, kind="message"))


@dataclass(frozen=True, slots=True)
class _Said:
    kind: ActionKind
    text: str | None = None
    payload: str | None = None
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)


def _items(
    message: wire.Message, raw: Any, headers: Mapping[str, str], now: datetime
) -> list[Item]:
    ours = _needed(headers.get("destination-id") or message.destination, "destinationId")
    customer = _needed(headers.get("source-id") or message.source, "sourceId")
    key = _needed(headers.get("id") or message.id, "id")
    files, broken = _files(message.attachments, ours)
    said = _said(message, files)
    if said is None:
        return [unknown(ours, message.type, raw), *broken]
    action = Action(
        kind=said.kind,
        sender=Sender(address=customer, language=_language(message.locale)),
        occurred_at=now,
        provider_id=key,
        text=said.text,
        attachments=said.attachments,
        reply_to=said.reply_to,
        payload=said.payload,
        hints={
            **known({"intent": message.intent, "group": message.group, "locale": message.locale}),
            **said.hints,
        },
        opens_window=said.kind not in ("typing", "close"),
    )
    return [Incoming(ours, key, (customer,), action), *broken]


def _needed(value: str | None, where: str) -> str:
    if not value:
        raise PayloadInvalid(f"body.{where}: missing, and no such header either")
    return value


def _language(locale: str | None) -> str | None:
    """`en_US` is English, wherever spoken: the part that routes and templates go by."""
    return locale.replace("_", "-").split("-")[0].lower() or None if locale else None


def _said(message: wire.Message, files: tuple[Attachment, ...]) -> _Said | None:
    if message.type == "text":
        text = (message.body or "").replace(_PLACE_OF_FILE, "").strip() or None
        return _Said("message", text, attachments=files, hints=known({"consent": consent_in(text)}))
    if message.type in _TYPING:
        return _Said("typing", payload=_TYPING[message.type])
    if message.type == "close":
        return _Said("close")
    return _interactive(message) if message.type == "interactive" else None


def _interactive(message: wire.Message) -> _Said | None:
    """The answer itself, or, when it is longer than 10 KB, the reference to fetch it by."""
    if message.reference is not None:
        file = _file(message.reference, "body.interactiveDataRef")
        return _Said("postback", file.name, attachments=(file,), hints={"interactive": "reference"})
    if message.interactive is None:
        return None
    found = answer(message.interactive, "body.interactiveData")
    if found is None:
        return None
    return _Said("postback", found.text, found.payload, found.request, hints=found.hints)


def _files(raw: tuple[Any, ...], ours: str) -> tuple[tuple[Attachment, ...], list[Item]]:
    """A file that cannot be read costs itself, not the text beside it."""
    files: list[Attachment] = []

    def read(item: Any, where: str) -> Iterable[Item]:
        files.append(_file(item, where))
        return ()

    broken = list(each(raw, "body.attachments", read, recipient=ours, kind="attachment"))
    return tuple(files), broken


def _file(raw: Any, where: str) -> Attachment:
    """A reference with the key that decrypts it (AES-256-CTR, counter from 0)."""
    found = read_item(wire.File, raw, where)
    extra = {
        "key": found.key,
        "owner": found.owner,
        "signature": found.signature_base64 or _signature(found.signature),
        "bid": found.bid,
    }
    return Attachment(
        kind=_KINDS.get((found.mime or "").partition("/")[0], "file"),
        fetch="aes_ctr",
        provider_ref=found.url,
        name=found.name or found.title,
        mime=found.mime,
        size=found.size,
        extra=known(extra),
    )


def _signature(hexadecimal: str | None) -> str | None:
    """Base64 of a hexadecimal signature: the form the download call wants."""
    try:
        return base64.b64encode(bytes.fromhex(hexadecimal or "")).decode() or None
    except (ValueError, binascii.Error):
        return None
