"""The string providers echo back to us: which message, and which of its calls, a receipt is for."""

import re

_HANDLE = re.compile(r"(?P<message>[\x21-\x7e]{1,200}):(?P<part>\d{1,4})")


def handle(message_id: str, part: int) -> str:
    """What to send along with the call number `part` (from 0) of a message."""
    return f"{message_id}:{part}"


def read_handle(echoed: str | None) -> tuple[str, int] | None:
    """Message id and part, or None when the string is not one of ours."""
    match = _HANDLE.fullmatch(echoed or "")
    return (match["message"], int(match["part"])) if match else None
