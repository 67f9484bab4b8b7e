"""What the loopback messaging providers have in common."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.channels import HttpReply, HttpRequest


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message a provider took for a customer. `echo` is the string of ours that its receipts
    carry; `files` are the addresses of pictures and the like.
    """

    customer: str
    text: str
    provider_id: str
    echo: str = ""
    files: tuple[str, ...] = ()


Answer = tuple[HttpReply, Delivered | None]
"""A provider's answer to a call, and what it delivers when it took the message."""


def json_reply(status: int, content: Mapping[str, Any]) -> HttpReply:
    """An answer with a JSON body."""
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(content).encode())


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a call; empty when there is none."""
    try:
        content = json.loads(request.body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
