"""What a mail says: its text, the files in it, and what else it is (RFC 2045, 2046, 2387)."""

from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property

from shared.channels.email.guard import children
from shared.channels.email.html import html_to_text
from shared.channels.email.parts import (
    attachment,
    clean_structure,
    content_id,
    is_attached,
    mime_type,
    parameter,
    payload,
    text_of,
)
from shared.channels.email.quotes import new_text
from shared.events.inbound import Attachment

_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_NOT_SHOWN = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10})
_PIXEL_BYTES = 5_120


@dataclass(frozen=True, slots=True)
class Body:
    """`text` is what is new, `whole` everything; they are equal where nothing was quoted.

    `hints` say what kind of mail it is: `encrypted`, `signed`, `calendar`, `text_cut`.
    """

    text: str
    whole: str
    attachments: tuple[Attachment, ...]
    hints: dict[str, str]


@dataclass
class _Said:
    """One text of the mail. HTML is expensive to read: only what is shown gets read."""

    mime: str
    raw: str

    @cached_property
    def both(self) -> tuple[str, str]:
        """The whole text, and the part of it that is new."""
        if self.mime == "text/html":
            return html_to_text(self.raw)
        whole = self.raw.strip()
        return whole, new_text(whole) if whole else ""


@dataclass
class _Reading:
    """What has been found so far."""

    message_id: str
    limit: int
    texts: list[_Said] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    images: list[tuple[str, Attachment]] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)
    index: int = -1


def read_body(message: Message, message_id: str, limit: int) -> Body:
    """Everything a person would see. `limit` bounds each text, in bytes."""
    reading = _Reading(message_id, limit)
    _read(message, reading)
    html = "".join(reading.html)
    files = [image for cid, image in reading.images if not _is_decoration(cid, image, html)]
    said = [text.both for text in reading.texts]
    text = _bounded("\n\n".join(new for _, new in said if new), reading)
    whole = _bounded("\n\n".join(whole for whole, _ in said if whole), reading)
    return Body(text, whole, (*files, *reading.files), reading.hints)


def _bounded(text: str, reading: _Reading) -> str:
    """At most the limit, and saying so: nothing is cut silently. No control characters."""
    text = text.translate(_NOT_SHOWN)
    size = len(text.encode())
    if size <= reading.limit:
        return text
    reading.hints.setdefault("text_cut", str(size))
    kept = text.encode()[: reading.limit - 100].decode("utf-8", "ignore")
    return f"{kept}\n[cut here: the mail has more text]"


def _read(part: Message, reading: _Reading) -> None:
    """One part and what is in it. The depth was bounded when the mail was read."""
    reading.index += 1
    clean_structure(part)
    mime = mime_type(part)
    if mime == "multipart/alternative":
        _read_alternative(part, reading)
    elif part.is_multipart() and not mime.startswith("message/"):
        _note_container(mime, parameter(part, "protocol").lower(), reading)
        for child in children(part):
            _read(child, reading)
    else:
        _read_leaf(part, mime, reading)


def _note_container(mime: str, protocol: str, reading: _Reading) -> None:
    scheme = "pgp" if "pgp" in protocol else "smime"
    if mime == "multipart/signed":
        reading.hints["signed"] = scheme
    elif mime == "multipart/encrypted":
        reading.hints["encrypted"] = scheme


def _read_alternative(part: Message, reading: _Reading) -> None:
    """The plain version where it says something, else the HTML; files of both."""
    before = len(reading.texts)
    versions: list[list[_Said]] = []
    for child in children(part):
        _read(child, reading)
        versions.append(reading.texts[before:])
        del reading.texts[before:]
    shown = (version for version in versions if any(text.both[0] for text in version))
    reading.texts += next(shown, [])


def _read_leaf(part: Message, mime: str, reading: _Reading) -> None:
    if mime in _SIGNATURES or mime == "application/pgp-signature":
        return
    if mime == "text/x-amp-html":
        return
    no_boundary = mime.startswith("multipart/")
    if (mime in ("text/plain", "text/html") or no_boundary) and not is_attached(part):
        _read_text(part, mime, reading)
        return
    if mime == "text/calendar":
        reading.hints["calendar"] = parameter(part, "method").lower()[:20] or "publish"
    if mime in _ENCRYPTED:
        reading.hints["encrypted"] = "smime"
    found = attachment(part, reading.message_id, reading.index)
    cid = content_id(part)
    if cid and found.kind == "image":
        reading.images.append((cid, found))
    else:
        reading.files.append(found)


def _read_text(part: Message, mime: str, reading: _Reading) -> None:
    size = len(payload(part))
    if size > 4 * reading.limit:
        reading.hints["text_cut"] = str(size)
    text = text_of(part, 4 * reading.limit)
    if mime == "text/html":
        reading.html.append(text)
    reading.texts.append(_Said(mime, text))


def _is_decoration(cid: str, image: Attachment, html: str) -> bool:
    """A tracking pixel or a logo of a signature: small, and shown by the HTML itself."""
    return (image.size or 0) < _PIXEL_BYTES and f"cid:{cid}" in html
