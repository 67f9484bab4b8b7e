"""Reading a mail without being hurt: sizes first, then the parser, then the tree's shape.

Everything counted here costs one pass over the bytes. What is too large is refused before the
parser sees it (RFC 5321 and 5322 allow a receiver its own limits).
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message

from shared.channels.email.settings import MailLimits
from shared.errors import PayloadInvalid

_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_CONTAINER = re.compile(
    rb"(?:^|\r)content-type:[ \t\r\n]{0,80}(?:multipart|message)/", re.IGNORECASE | re.MULTILINE
)
_STRUCTURED = re.compile(
    rb"(?:from|sender|reply-to|to|cc|bcc|content-[a-z-]{1,40}|authentication-results"
    rb"|delivered-to|x-original-to|auto-submitted|precedence|subject|message-id|date)$",
    re.IGNORECASE,
)
_ADDRESSED = ("from", "sender", "reply-to", "to", "cc")
_FIELD_START = re.compile(rb"^([!-9;-~]{1,100}):", re.MULTILINE)

# What the standard library's parser is known to raise on malformed input.
PARSER_ERRORS = (ValueError, LookupError, AttributeError, TypeError, AssertionError, RecursionError)


def read_message(content: bytes, limits: MailLimits) -> Message:
    """The message as a tree whose every part is within the limits. Raises PayloadInvalid."""
    if max(content.count(b"\n"), content.count(b"\r")) > limits.lines:
        raise PayloadInvalid(f"more than {limits.lines} lines")
    _check_head(_head(content, limits), limits)
    if sum(1 for _ in _CONTAINER.finditer(content)) > limits.parts:
        raise PayloadInvalid(f"more than {limits.parts} nested parts")
    try:
        message = message_from_bytes(content, policy=policy.compat32)
    except PARSER_ERRORS as error:
        raise PayloadInvalid(f"not a mail: {type(error).__name__}") from error
    _check_tree(message, limits)
    return message


def _head(content: bytes, limits: MailLimits) -> bytes:
    end = _HEADERS_END.search(content, 0, limits.header_bytes + 4)
    if end is not None:
        return content[: end.start()]
    if len(content) > limits.header_bytes:
        raise PayloadInvalid(f"more than {limits.header_bytes} bytes of headers")
    return content


def _check_head(head: bytes, limits: MailLimits) -> None:
    """One header after the other, by where it starts: a field with its folded lines."""
    fields = [(match.start(), match[1]) for match in _FIELD_START.finditer(head)]
    ends = (*(start for start, _ in fields[1:]), len(head))
    commas = 0
    for (start, name), end in zip(fields, ends, strict=False):
        if not _STRUCTURED.match(name):
            continue
        if end - start > limits.field_bytes:
            raise PayloadInvalid(f"a {_shown(name)} header of more than {limits.field_bytes} bytes")
        if _shown(name) in _ADDRESSED:
            commas += head.count(b",", start, end) + 1
    if commas > limits.addresses:
        raise PayloadInvalid(f"more than {limits.addresses} addresses")


def _shown(name: bytes) -> str:
    return name.decode("ascii").lower()


def _check_tree(message: Message, limits: MailLimits) -> None:
    for count, (part, depth) in enumerate(tree(message), start=1):
        if depth > limits.depth:
            raise PayloadInvalid(f"nested more than {limits.depth} deep")
        if count > limits.parts:
            raise PayloadInvalid(f"more than {limits.parts} parts")
        sizes = [len(name) + len(str(value)) for name, value in part.raw_items()]
        structured = [
            size
            for size, name in zip(sizes, part.keys(), strict=True)
            if _STRUCTURED.match(name.encode("utf-8", "surrogateescape"))
        ]
        if sum(sizes) > limits.header_bytes or max(structured, default=0) > limits.field_bytes:
            raise PayloadInvalid("a part with too large headers")


def tree(message: Message) -> Iterator[tuple[Message, int]]:
    """Every part with its depth (the message itself: 0), without recursion, in document order."""
    stack = [(message, 0)]
    while stack:
        part, depth = stack.pop()
        yield part, depth
        stack += [(child, depth + 1) for child in reversed(children(part))]


def children(part: Message) -> list[Message]:
    """The parts directly inside; an embedded message is one."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return []
    return [child for child in payload if isinstance(child, Message)]
