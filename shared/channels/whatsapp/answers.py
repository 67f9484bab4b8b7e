"""What a customer does without writing: taps, forms, reactions, and changes of who he is.

Source: Meta, "Cloud API webhooks": messages.
"""

from collections.abc import Mapping

import orjson

from shared.channels.payload import known
from shared.channels.whatsapp import wire
from shared.channels.whatsapp.content import Content, Given, Read

_FORM_FIELDS = 50


def interactive(given: Given) -> Content | None:
    """An answer to a message with buttons, a list or a form; None for a kind we do not know."""
    inner = given.raw.get("interactive")
    if not isinstance(inner, dict):
        return None
    read = _INTERACTIVE.get(str(inner.get("type")))
    return read(Given(inner, f"{given.where}.interactive", given.at)) if read else None


def _button_reply(given: Given) -> Content:
    choice = given.read(wire.Choice, "button_reply")
    return Content("postback", text=choice.title, payload=choice.id)


def _list_reply(given: Given) -> Content:
    choice = given.read(wire.Choice, "list_reply")
    hints = known({"description": choice.description})
    return Content("postback", text=choice.title, payload=choice.id, hints=hints)


def _form(given: Given) -> Content:
    """The whole answer is the payload; its plain fields are also the text, for the agent."""
    form = given.read(wire.Form, "nfm_reply")
    fields = _fields(form.response_json)
    token = fields.pop("flow_token", None)
    text = "\n".join(f"{name}: {value}" for name, value in fields.items()) or form.body
    hints = known({"form": form.name, "flow_token": token})
    return Content("postback", text=text, payload=form.response_json, hints=hints)


def _fields(response: str) -> dict[str, str]:
    try:
        found = orjson.loads(response)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict) or len(found) > _FORM_FIELDS:
        return {}
    return {name: str(value) for name, value in found.items() if not isinstance(value, dict | list)}


def _call_permission(given: Given) -> Content:
    answer = given.read(wire.CallPermission, "call_permission_reply")
    hints = {"call_permission": answer.response}
    return Content("postback", payload=answer.response, hints=hints, automatic=True)


_INTERACTIVE: Mapping[str, Read] = {
    "button_reply": _button_reply,
    "list_reply": _list_reply,
    "nfm_reply": _form,
    "call_permission_reply": _call_permission,
}


def button(given: Given) -> Content:
    """A tap on a template's quick-reply button."""
    tapped = given.read(wire.Button, "button")
    return Content("postback", text=tapped.text, payload=tapped.payload)


def reaction(given: Given) -> Content:
    """An emoji put on a message, or taken off. Whether it opens the reply window is not published,
    so it does not here."""
    found = given.read(wire.Reaction, "reaction")
    return Content(
        "reaction",
        text=found.emoji,
        payload="react" if found.emoji else "unreact",
        reply_to=found.message_id,
        opens_window=False,
    )


def system(given: Given) -> Content:
    """The user's number or BSUID changed: he is answered at the new one from now on."""
    found = given.read(wire.System, "system")
    return Content(
        text=found.body,
        hints={"system": found.type},
        automatic=True,
        opens_window=False,
        address=found.wa_id or found.user_id,
        previous=found.previous_user_id,
    )


def request_welcome(_: Given) -> Content:
    """The user opened the chat for the first time, and has not said anything."""
    return Content("postback", payload="request_welcome", automatic=True, opens_window=False)


def unsupported(given: Given) -> Content:
    """Something the API does not carry (a poll, a view-once picture): the agent asks to resend."""
    raw = given.raw.get("unsupported")
    kind = given.read(wire.Unsupported, "unsupported").type if raw is not None else None
    return Content(hints={"unsupported": kind or "unknown"})
