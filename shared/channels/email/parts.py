"""One MIME part: its type, its bytes, its text, its name. Nothing here raises on hostile input."""

import hashlib
import re
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import unquote

from shared.channels.email.guard import PARSER_ERRORS
from shared.channels.email.headers import decode_text, decode_words, raw_header, shown
from shared.channels.email.quotes import unflowed
from shared.events.inbound import Attachment, AttachmentKind

_PATH = re.compile(r"[/\\:*?\"<>|]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")


def clean_structure(part: Message) -> None:
    """Decode raw 8-bit bytes in the Content headers, so that their parameters can be read."""
    for name in ("content-type", "content-disposition", "content-id"):
        value = raw_header(part, name)
        if value:
            del part[name]
            part[name] = value


def mime_type(part: Message) -> str:
    """`type/subtype` in lower case; text/plain for nonsense (RFC 2045, 5.2)."""
    return part.get_content_type()


def parameter(part: Message, name: str) -> str:
    """A parameter of Content-Type; empty when absent or unreadable."""
    try:
        value = part.get_param(name)
        text = collapse_rfc2231_value(value) if value is not None else ""
    except PARSER_ERRORS:
        return ""
    return str(text).strip()


def is_attached(part: Message) -> bool:
    """Does the sender want it to be a file, and not to be read in place?"""
    return part.get_content_disposition() == "attachment" or bool(file_name(part))


def file_name(part: Message) -> str:
    """The name without paths, control characters and direction overrides; at most 120 characters.

    Percent encoding (RFC 2231) and, against the standard, RFC 2047 words are decoded.
    """
    try:
        name = part.get_filename("") or ""
    except PARSER_ERRORS:
        return ""
    if name.lower().startswith(("utf-8''", "iso-8859-1''")):
        name = unquote(name.partition("''")[2])
    name = _PATH.sub("_", shown(decode_words(str(name)), 500).replace("\\", "/").rpartition("/")[2])
    extension = _EXTENSION.search(name)
    if len(name) > 120 and extension:
        return name[: 120 - len(extension[0])] + extension[0]
    return name[:120].strip(". ") or ""


def payload(part: Message) -> bytes:
    """The decoded bytes; as they stand where the transfer encoding is broken."""
    try:
        decoded = part.get_payload(decode=True)
    except PARSER_ERRORS:
        decoded = None
    if isinstance(decoded, bytes):
        return decoded
    text = part.get_payload()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""


def text_of(part: Message, limit: int) -> str:
    """The text of a text part, of at most `limit` bytes, with `\\n` line ends."""
    text = decode_text(payload(part)[:limit], parameter(part, "charset"))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if parameter(part, "format").lower() == "flowed":
        text = unflowed(text, delsp=parameter(part, "delsp").lower() == "yes")
    return text


def content_id(part: Message) -> str:
    """The Content-ID without brackets, as `cid:` addresses name it."""
    return raw_header(part, "content-id").strip("<> ")


def attachment(part: Message, message_id: str, index: int) -> Attachment:
    """A reference to a part: the mail it is in, and its place there.

    The bytes stay in the mail; `fetch` is `none` because we keep no mail store.
    """
    mime = mime_type(part)
    data = _embedded(part) if mime == "message/rfc822" else payload(part)
    return Attachment(
        kind=_kind(mime),
        provider_ref=f"{message_id}#{index}",
        name=file_name(part) or _default_name(part, mime),
        mime=mime,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _kind(mime: str) -> AttachmentKind:
    kinds: dict[str, AttachmentKind] = {"image": "image", "audio": "audio", "video": "video"}
    return kinds.get(mime.partition("/")[0], "file")


def _embedded(part: Message) -> bytes:
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    try:
        return first.as_bytes() if isinstance(first, Message) else payload(part)
    except PARSER_ERRORS:
        return b""


def _default_name(part: Message, mime: str) -> str | None:
    if mime != "message/rfc822":
        return None
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    subject = shown(raw_header(first, "subject"), 100) if isinstance(first, Message) else ""
    return _PATH.sub("_", subject or "message") + ".eml"
