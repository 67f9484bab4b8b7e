"""Approved templates: one component grammar on WhatsApp and Messenger (Meta, "Template messages").

A parameter's name says where it goes: `name` (or a number: by position) into the body,
`header.name` into the header's text; `button.0` completes the address of button 0,
`button.0.payload` is what a quick-reply button sends back. An attachment becomes the header's
picture, video or document.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.channels.fit import Unsendable
from shared.events.outbound import Template

_BUTTON = re.compile(r"button\.(\d)(\.payload)?")

Media = Mapping[str, Any]


def template(message: Template, media: Media | None) -> dict[str, Any]:
    """The `template` object of a send call; `media` is the header's parameter, ready made."""
    components = [*_header(message, media), *_body(message), *_buttons(message)]
    found: dict[str, Any] = {
        "name": message.name,
        "language": {"code": message.language.replace("-", "_")},
    }
    if components:
        found["components"] = components
    return found


def _header(message: Template, media: Media | None) -> list[dict[str, Any]]:
    texts = {
        name.removeprefix("header."): value
        for name, value in message.parameters.items()
        if name.startswith("header.")
    }
    if media is not None and texts:
        raise Unsendable("rejected_content", "a template's header is a text or a file, not both")
    parameters = [dict(media)] if media is not None else _texts(texts)
    return [{"type": "header", "parameters": parameters}] if parameters else []


def _body(message: Template) -> list[dict[str, Any]]:
    texts = {
        name: value
        for name, value in message.parameters.items()
        if not name.startswith("header.") and not _BUTTON.fullmatch(name)
    }
    return [{"type": "body", "parameters": _texts(texts)}] if texts else []


def _texts(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    if all(name.isdecimal() for name in texts):
        numbers = sorted(texts, key=int)
        return [{"type": "text", "text": texts[number]} for number in numbers]
    return [
        {"type": "text", "parameter_name": name, "text": value} for name, value in texts.items()
    ]


def _buttons(message: Template) -> list[dict[str, Any]]:
    found = []
    for name, value in message.parameters.items():
        match = _BUTTON.fullmatch(name)
        if match is None:
            continue
        kind, key = ("quick_reply", "payload") if match.group(2) else ("url", "text")
        found.append(
            {
                "type": "button",
                "sub_type": kind,
                "index": match.group(1),
                "parameters": [{"type": key, key: value}],
            }
        )
    return found
