"""WhatsApp Cloud API from Meta's side: customers' messages, answers to our calls, statuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patchbay.demo.providers.messaging import Answer, Delivered, json_body, json_reply
from patchbay.demo.providers.meta import App, error, notification, refusal
from shared.channels import HttpRequest

_KIND = "whatsapp_business_account"
_FILES = ("image", "video", "audio", "document", "sticker")


@dataclass(frozen=True, slots=True)
class Number:
    """A business number of an app."""

    app: App
    phone_number_id: str
    display: str = "15550100001"
    business_account: str = "102030"


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer wrote. `customer` are the digits of his number, `id` is Meta's."""

    customer: str
    text: str
    id: str
    at: datetime
    name: str = "Customer"


def messages(number: Number, said: Sequence[Said]) -> HttpRequest:
    """One webhook with all these messages (Meta batches under load)."""
    return _change(
        number,
        {
            "contacts": [
                {"profile": {"name": one.name}, "wa_id": one.customer}
                for one in {one.customer: one for one in said}.values()
            ],
            "messages": [
                {
                    "from": one.customer,
                    "id": one.id,
                    "timestamp": str(int(one.at.timestamp())),
                    "type": "text",
                    "text": {"body": one.text},
                }
                for one in said
            ],
        },
    )


def answer(
    number: Number, request: HttpRequest, message_id: str, *, window_open: bool = True
) -> Answer:
    """What the messages endpoint says; `message_id` names what it takes."""
    refused = refusal(number.app, request, number.phone_number_id)
    if refused is not None:
        return refused, None
    call = json_body(request)
    customer = str(call.get("to") or call.get("recipient") or "").lstrip("+")
    kind = str(call.get("type", "text"))
    content = call.get(kind)
    if call.get("messaging_product") != "whatsapp" or not customer:
        return error(400, 100, "The parameter messaging_product or to is required."), None
    if not isinstance(content, dict):
        return error(400, 131008, "Required parameter is missing"), None
    if kind != "template" and not window_open:
        return error(400, 131047, "Re-engagement message", error_data=_LATE), None
    if kind == "text" and not 0 < len(str(content.get("body", ""))) <= 4096:
        return error(400, 100, "Param text['body'] must be at most 4096 characters long."), None
    taken = Delivered(
        customer=customer,
        text=_shown(kind, content),
        provider_id=message_id,
        echo=str(call.get("biz_opaque_callback_data", "")),
        files=(str(content.get("link") or content.get("id")),) if kind in _FILES else (),
    )
    return json_reply(200, _accepted(taken)), taken


_LATE = {
    "messaging_product": "whatsapp",
    "details": "More than 24 hours have passed since the recipient last replied.",
}


def _accepted(taken: Delivered) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": taken.customer, "wa_id": taken.customer}],
        "messages": [{"id": taken.provider_id, "message_status": "accepted"}],
    }


def _shown(kind: str, content: dict[str, Any]) -> str:
    if kind == "text":
        return str(content.get("body", ""))
    if kind != "template":
        return str(content.get("caption", ""))
    parameters = (
        str(parameter.get("text", ""))
        for component in content.get("components", [])
        for parameter in component.get("parameters", [])
    )
    return " ".join([str(content.get("name", "")), *parameters])


def statuses(
    number: Number,
    taken: Delivered,
    at: datetime,
    states: Sequence[str] = ("sent", "delivered", "read"),
) -> HttpRequest:
    """The webhook that reports what became of a message we were let to send."""
    return _change(number, {"statuses": [_status(taken, state, at) for state in states]})


def failure(number: Number, taken: Delivered, at: datetime, code: int) -> HttpRequest:
    """The webhook that reports that a message could not be delivered after all."""
    errors = [{"code": code, "title": "Message undeliverable", "message": "Message undeliverable"}]
    return _change(number, {"statuses": [{**_status(taken, "failed", at), "errors": errors}]})


def _status(taken: Delivered, state: str, at: datetime) -> dict[str, Any]:
    return {
        "id": taken.provider_id,
        "status": state,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": taken.customer,
        "biz_opaque_callback_data": taken.echo,
    }


def _change(number: Number, value: dict[str, Any]) -> HttpRequest:
    metadata = {
        "display_phone_number": number.display,
        "phone_number_id": number.phone_number_id,
    }
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    change = {"field": "messages", "value": whole}
    return notification(number.app, _KIND, [{"id": number.business_account, "changes": [change]}])
