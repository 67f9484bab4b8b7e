"""Header values as text. Nothing here raises on hostile input, and every step is linear.

The message is parsed with `policy.compat32`: the structured parser of `policy.default` is quadratic
(CPython issue 136063).
"""

import binascii
import codecs
import quopri
import re
from base64 import b64decode
from email.message import Message
from itertools import groupby

from shared.channels.email.addresses import parse_addresses

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_MSG_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,900}>")
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_EXTENT = 8_192

_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "cp-850": "cp850",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
}
_NOT_FOR_TEXT = frozenset(
    {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"}
)


def decode_text(data: bytes, charset: str | None) -> str:
    """Bytes as text: by the declared charset, else UTF-8, else Windows-1252 with replacements.

    Mail declares charsets wrongly all the time: UTF-8 goes first where ASCII is claimed.
    """
    declared = (charset or "").strip().strip("'\"").lower()
    candidates = ["utf-8"] if declared in ("", "us-ascii", "ascii", "utf8") else []
    candidates += [_ALIASES.get(declared, declared), "utf-8"]
    for name in filter(_is_text_codec, candidates):
        try:
            return _without_surrogates(data.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _without_surrogates(text: str) -> str:
    """UTF-7 can smuggle in halves of characters, which no JSON takes."""
    return text.encode("utf-8", "replace").decode()


def _is_text_codec(name: str) -> bool:
    try:
        return codecs.lookup(name).name not in _NOT_FOR_TEXT
    except (LookupError, ValueError, UnicodeError):
        return False


def raw_header(message: Message, name: str) -> str:
    """The first header of that name, unfolded; raw 8-bit bytes in it are decoded. Empty if none."""
    return next(iter(raw_headers(message, name)), "")


def raw_headers(message: Message, name: str) -> list[str]:
    """Every header of that name, top first."""
    wanted = name.lower()
    return [_unfolded(value) for key, value in message.raw_items() if key.lower() == wanted]


def _unfolded(value: object) -> str:
    text = str(value)
    if not text.isascii():
        text = decode_text(text.encode("utf-8", "surrogateescape"), None)
    return text.replace("\r", "").replace("\n", "").strip()


def shown(value: str, limit: int = 1000) -> str:
    """An unstructured header as a person reads it: decoded (RFC 2047), no control characters."""
    decoded = decode_words(value[:_EXTENT])
    return " ".join(_UNSHOWN.sub(" ", decoded).split())[:limit]


def decode_words(value: str) -> str:
    """RFC 2047 encoded words. Neighbours of one charset are joined before decoding: senders split
    them in the middle of a character."""
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    pieces: list[tuple[str | None, bytes | str]] = []
    at = 0
    for match in _WORD.finditer(joined):
        if match.start() > at:
            pieces.append((None, joined[at : match.start()]))
        pieces.append((match[1].partition("*")[0].lower(), _word_bytes(match)))
        at = match.end()
    pieces.append((None, joined[at:]))
    return "".join(
        _decoded(charset, [piece for _, piece in group])
        for charset, group in groupby(pieces, key=lambda piece: piece[0])
    )


def _decoded(charset: str | None, pieces: list[bytes | str]) -> str:
    if charset is None:
        return "".join(str(piece) for piece in pieces)
    return decode_text(b"".join(piece for piece in pieces if isinstance(piece, bytes)), charset)


def _word_bytes(match: re.Match[str]) -> bytes:
    text = match[3].encode("utf-8", "replace")
    if match[2] in "qQ":
        return quopri.decodestring(text, header=True)
    try:
        return b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return match[0].encode("utf-8", "replace")


def msg_ids(value: str) -> tuple[str, ...]:
    """The message ids in a header (RFC 5322, 3.6.4); of very long ones the first and the last.

    Some programs wrap long ids as RFC 2047 words, though the standard forbids it.
    """
    found = list(dict.fromkeys(_MSG_ID.findall(decode_words(value))))
    return tuple(found if len(found) <= 50 else [found[0], *found[-49:]])


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Shown name and plain address of everybody in an address header."""
    pairs = parse_addresses(raw_headers(message, name))
    return [(shown(display, 200), address) for display, address in pairs]
