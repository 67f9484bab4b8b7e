"""The Messenger Platform from Meta's side: customers' messages, answers to our calls, receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patchbay.demo.providers.messaging import Answer, Delivered, json_body, json_reply
from patchbay.demo.providers.meta import App, error, notification, refusal
from shared.channels import HttpReply, HttpRequest

_TYPES = {"RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"}


@dataclass(frozen=True, slots=True)
class Page:
    """A Facebook page of an app."""

    app: App
    page_id: str
    app_id: str = "424242"


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer wrote. `customer` is his page-scoped id, `id` is Meta's `mid`."""

    customer: str
    text: str
    id: str
    at: datetime


def messages(page: Page, said: Sequence[Said]) -> HttpRequest:
    """One webhook with all these messages, one entry each, as Meta batches them."""
    events = [
        _event(one.customer, page.page_id, one.at, {"message": {"mid": one.id, "text": one.text}})
        for one in said
    ]
    return _notify(page, events)


def answer(
    page: Page, request: HttpRequest, message_id: str, *, window_open: bool = True
) -> Answer:
    """What the Send API says; `message_id` names what it takes."""
    call = json_body(request)
    refused = refusal(page.app, request, page.page_id) or _invalid(call, window_open)
    if refused is not None:
        return refused, None
    message = call["message"]
    url = message.get("attachment", {}).get("payload", {}).get("url")
    taken = Delivered(
        customer=str(call["recipient"]["id"]),
        text=_shown(message),
        provider_id=message_id,
        echo=str(message.get("metadata", "")),
        files=(str(url),) if url else (),
    )
    return json_reply(200, {"recipient_id": taken.customer, "message_id": message_id}), taken


def _invalid(call: dict[str, Any], window_open: bool) -> HttpReply | None:
    recipient, message = call.get("recipient"), call.get("message")
    if not isinstance(recipient, dict) or not recipient.get("id"):
        return error(400, 100, "Param recipient must be non-empty.")
    if not isinstance(message, dict) or not message.keys() & {"text", "attachment", "template"}:
        return error(400, 100, "Message cannot be empty", error_subcode=2018034)
    if call.get("messaging_type") not in _TYPES:
        return error(400, 100, "Param messaging_type must be one of RESPONSE, UPDATE, ...")
    if len(str(message.get("text", ""))) > 2000:
        return error(400, 100, "Length of param message[text] must be at most 2000.")
    if call["messaging_type"] in ("RESPONSE", "UPDATE") and not window_open:
        return error(400, 10, "Outside of allowed window.", error_subcode=2018278)
    return None


def _shown(message: dict[str, Any]) -> str:
    template = message.get("template")
    if not isinstance(template, dict):
        return str(message.get("text", ""))
    parameters = (
        str(parameter.get("text", ""))
        for component in template.get("components", [])
        for parameter in component.get("parameters", [])
    )
    return " ".join([str(template.get("name", "")), *parameters])


def receipts(page: Page, taken: Delivered, at: datetime, *, read: bool = True) -> HttpRequest:
    """The webhook with the echo of our message and its watermarks."""
    echo = {
        "mid": taken.provider_id,
        "is_echo": True,
        "app_id": int(page.app_id),
        "text": taken.text,
        "metadata": taken.echo,
    }
    watermark = _milliseconds(at)
    events = [
        _event(page.page_id, taken.customer, at, {"message": echo}),
        _event(
            taken.customer,
            page.page_id,
            at,
            {"delivery": {"mids": [taken.provider_id], "watermark": watermark}},
        ),
    ]
    if read:
        events.append(_event(taken.customer, page.page_id, at, {"read": {"watermark": watermark}}))
    return _notify(page, events)


def _event(sender: str, recipient: str, at: datetime, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender": {"id": sender},
        "recipient": {"id": recipient},
        "timestamp": _milliseconds(at),
        **content,
    }


def _notify(page: Page, events: list[dict[str, Any]]) -> HttpRequest:
    entries = [
        {"id": page.page_id, "time": event["timestamp"], "messaging": [event]} for event in events
    ]
    return notification(page.app, "page", entries)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
