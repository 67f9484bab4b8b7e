"""Webhook events to items: `entry[].messaging[]`; the key an element holds says what it is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from shared.channels import Incoming, Item, Skipped, Unprocessed
from shared.channels.batch import each, unknown
from shared.channels.messenger import content, wire
from shared.channels.messenger.content import Content
from shared.channels.messenger.reports import delivery, echo, read
from shared.channels.messenger.settings import MessengerSettings
from shared.channels.meta.webhook import read_entries
from shared.channels.payload import an_object, known, raw_of, read_item
from shared.errors import PayloadInvalid
from shared.events.inbound import Action, Sender
from shared.ids import derived_id

_ACTIONS: Mapping[str, Callable[[Any, str], Content]] = {
    "message": content.message,
    "message_edit": content.edit,
    "reaction": content.reaction,
    "postback": content.postback,
    "referral": content.referral,
    "optin": content.optin,
}
_REPORTS = {"delivery": delivery, "read": read}
_NOTICES = frozenset({"policy_enforcement", "policy-enforcement"})
_NOTHING = frozenset(
    {"account_linking", "take_thread_control", "request_thread_control", "app_roles"}
)
_COMMON = frozenset({"sender", "recipient", "timestamp"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: our page, and the entry's time for elements without one."""

    page: str
    time: datetime | None
    app: str | None


def parse(body: bytes, account: MessengerSettings) -> list[Item]:
    """Every item of a notification. Raises PayloadInvalid when the body is none."""
    handle = partial(_entry, account.app_id)
    return list(each(read_entries(body, "page"), "entry", handle, recipient=None, kind="entry"))


def _entry(app: str | None, raw: Any, where: str) -> Iterable[Item]:
    entry = read_item(wire.Entry, raw, where)
    place = Place(entry.id, entry.time, app)
    yield from each(
        entry.messaging,
        f"{where}.messaging",
        partial(_element, place),
        recipient=entry.id,
        kind="messaging",
    )
    yield from (Skipped("standby") for _ in entry.standby)
    yield from (_change(entry.id, change) for change in entry.changes)
    if not (entry.messaging or entry.standby or entry.changes):
        yield unknown(entry.id, "empty", raw)


def _change(page: str, raw: Any) -> Item:
    field = raw.get("field") if isinstance(raw, dict) else None
    return unknown(page, f"changes.{field}", raw)


def _element(place: Place, raw: Any, where: str) -> Iterable[Item]:
    event = {key: value for key, value in an_object(raw, where).items() if value is not None}
    head = read_item(wire.Element, raw, where)
    key = next((key for key in event if key not in _COMMON), "empty")
    known_key = next((key for key in event if key in _KNOWN), key)
    if _is_echo(event):
        return [echo(place.page, event["message"], head, f"{where}.message")]
    if head.recipient.id not in (None, place.page):
        return [Skipped("other_page")]
    return _read(place, known_key, event, head, where)


def _read(
    place: Place, key: str, event: dict[str, Any], head: wire.Element, where: str
) -> Iterable[Item]:
    if key in _ACTIONS:
        said = _ACTIONS[key](event[key], f"{where}.{key}")
        return [_incoming(place, key, said, head, where)]
    if key in _REPORTS:
        return _REPORTS[key](place.page, event[key], head, f"{where}.{key}")
    if key == "pass_thread_control":
        return [_handed_over(place, event, head, where)]
    if key in _NOTICES:
        return [Unprocessed(place.page, "account_notice", key, raw_of(event))]
    return [Skipped(key)] if key in _NOTHING else [unknown(place.page, key, event)]


_KNOWN = _ACTIONS.keys() | _REPORTS.keys() | _NOTICES | _NOTHING | {"pass_thread_control"}


def _is_echo(event: Mapping[str, Any]) -> bool:
    message = event.get("message")
    return isinstance(message, dict) and message.get("is_echo") is True


def _incoming(place: Place, event: str, said: Content, head: wire.Element, where: str) -> Incoming:
    sender, at = head.sender.id, head.timestamp or place.time
    if sender is None:
        raise PayloadInvalid(f"{where}.sender.id: missing")
    if at is None:
        raise PayloadInvalid(f"{where}.timestamp: missing")
    key = said.key or derived_id(
        event, sender, at.isoformat(), said.reply_to or "", said.payload or "", said.text or ""
    )
    action = Action(
        kind=said.kind,
        sender=Sender(address=sender),
        occurred_at=at,
        provider_id=key,
        text=said.text,
        attachments=said.attachments,
        reply_to=said.reply_to,
        payload=said.payload,
        hints=dict(said.hints),
        automatic=said.automatic,
        opens_window=said.opens_window,
    )
    return Incoming(place.page, key, (sender,), action)


def _handed_over(
    place: Place, event: dict[str, Any], head: wire.Element, where: str
) -> Incoming | Skipped:
    """Another app (a bot) gives us the conversation: its customer waits for a person now."""
    control = read_item(wire.ThreadControl, event["pass_thread_control"], where)
    if place.app is None or control.new_owner_app_id != place.app:
        return Skipped("pass_thread_control")
    said = Content(
        "postback",
        payload="pass_thread_control",
        hints=known({"handover": control.metadata}),
        opens_window=False,
    )
    return _incoming(place, "pass_thread_control", said, head, where)
