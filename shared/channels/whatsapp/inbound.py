"""Notifications to items: `entry[].changes[]`, and in each the messages, statuses and errors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.channels import Incoming, Item, Skipped, Unprocessed
from shared.channels.batch import each, unknown
from shared.channels.consent import consent_in
from shared.channels.meta.webhook import read_entries
from shared.channels.payload import an_object, known, list_of, raw_of, read_item
from shared.channels.whatsapp import answers, content, wire
from shared.channels.whatsapp.content import Content, Given, Read
from shared.channels.whatsapp.identity import Identity, identity_of, thread_of
from shared.channels.whatsapp.reports import account_error, preference, status
from shared.errors import PayloadInvalid
from shared.events.inbound import Action, Sender

READERS: Mapping[str, Read] = {
    "text": content.text,
    "image": content.media("image"),
    "audio": content.media("audio"),
    "voice": content.media("audio"),
    "video": content.media("video"),
    "document": content.media("file"),
    "sticker": content.media("sticker"),
    "location": content.location,
    "contacts": content.contacts,
    "order": content.order,
    "interactive": answers.interactive,
    "button": answers.button,
    "reaction": answers.reaction,
    "system": answers.system,
    "request_welcome": answers.request_welcome,
    "unsupported": answers.unsupported,
    "unknown": answers.unsupported,
    "ephemeral": answers.unsupported,
}

_OURS = frozenset({"smb_message_echoes", "history", "smb_app_state_sync", "standby"})
_NO_REFERRAL, _NO_CONTEXT, _NO_PRODUCT = wire.Referral(), wire.Context(), wire.Product()
_NOTICES = frozenset(
    {
        *("message_template_status_update", "message_template_quality_update"),
        *("template_category_update", "phone_number_quality_update", "phone_number_name_update"),
        *("account_update", "account_alerts", "account_review_update", "security"),
        "business_capability_update",
    }
)


def parse(body: bytes) -> list[Item]:
    """Every item of a notification. Raises PayloadInvalid when the body is none."""
    entries = read_entries(body, "whatsapp_business_account")
    return list(each(entries, "entry", _entry, recipient=None, kind="entry"))


def _entry(raw: Any, where: str) -> Iterable[Item]:
    changes = list_of(an_object(raw, where), "changes", where)
    return each(changes, f"{where}.changes", _change, recipient=None, kind="change")


def _change(raw: Any, where: str) -> Iterable[Item]:
    change = an_object(raw, where)
    field = str(change.get("field"))
    if field in _OURS:
        return [Skipped(field)]
    if field in _NOTICES:
        return [Unprocessed(None, "account_notice", field, raw_of(raw))]
    read = _FIELDS.get(field)
    return read(change, f"{where}.value") if read else [unknown(None, field, raw)]


def _messages(change: Mapping[str, Any], where: str) -> Iterable[Item]:
    value = read_item(wire.Value, change.get("value"), where)
    ours = value.metadata.phone_number_id
    people = People.of(value.contacts)
    items = [
        *_each(value.messages, f"{where}.messages", partial(_message, people), ours, "message"),
        *_each(value.statuses, f"{where}.statuses", status, ours, "status"),
        *_each(value.errors, f"{where}.errors", account_error, ours, "error"),
    ]
    return items or [unknown(ours, "empty", change)]


def _preferences(change: Mapping[str, Any], where: str) -> Iterable[Item]:
    value = read_item(wire.Value, change.get("value"), where)
    raw = an_object(change["value"], where)
    several = list_of(raw, "user_preferences", where) or [raw]
    return _each(
        several, f"{where}.user_preferences", preference, value.metadata.phone_number_id, "consent"
    )


_FIELDS: Mapping[str, Callable[[Mapping[str, Any], str], Iterable[Item]]] = {
    "messages": _messages,
    "user_preferences": _preferences,
}


def _each(
    elements: Sequence[Any],
    where: str,
    read: Callable[[str, Any, str], Iterable[Item]],
    ours: str,
    kind: str,
) -> Iterable[Item]:
    return each(elements, where, partial(read, ours), recipient=ours, kind=kind)


@dataclass(frozen=True, slots=True)
class People:
    """The contacts of a change, by number and by BSUID."""

    by_id: Mapping[str, wire.Contact]
    only: wire.Contact | None

    @classmethod
    def of(cls, contacts: Sequence[Any]) -> "People":
        """A contact that cannot be read costs a name, not a message."""
        found = []
        for raw in contacts:
            try:
                found.append(read_item(wire.Contact, raw, "contacts"))
            except PayloadInvalid:
                continue
        by_id = {key: one for one in found for key in (one.wa_id, one.user_id) if key}
        return cls(by_id, found[0] if len(found) == 1 else None)

    def find(self, identity: Identity | None) -> wire.Contact | None:
        """The contact with this identity; for nobody, the only one there is."""
        if identity is None:
            return self.only
        return self.by_id.get(identity.bsuid or "") or self.by_id.get(identity.number or "")


def _message(people: People, ours: str, raw: Any, where: str) -> Iterable[Item]:
    head = read_item(wire.Message, raw, where)
    read = READERS.get(head.type)
    found = read(Given(raw, where, head.timestamp)) if read else None
    if found is None:
        return [unknown(ours, _unknown_kind(head, raw), raw)]
    who, contact = _who(head, found, people, where)
    address = found.address or head.group_id or who.address
    action = Action(
        kind=found.kind,
        sender=Sender(
            address=address,
            name=contact.profile.name if contact else None,
            alternatives=tuple(one for one in (who.number, who.bsuid) if one and one != address),
        ),
        occurred_at=head.timestamp,
        provider_id=head.id,
        text=found.text,
        attachments=found.attachments,
        reply_to=found.reply_to or (head.context.id if head.context else None),
        payload=found.payload,
        hints=_hints(head, found),
        automatic=found.automatic,
        opens_window=found.opens_window,
    )
    thread = (head.group_id,) if head.group_id else thread_of(who.address)
    return [Incoming(ours, head.id, thread, action)]


def _who(
    head: wire.Message, found: Content, people: People, where: str
) -> tuple[Identity, wire.Contact | None]:
    who = identity_of(head.sender, head.from_user_id or found.previous)
    contact = people.find(who)
    if contact is not None:
        number = who.number if who else None
        bsuid = who.bsuid if who else None
        who = identity_of(number or contact.wa_id, bsuid or contact.user_id)
    if who is None:
        raise PayloadInvalid(f"{where}.from: neither a number nor a user id")
    return who, contact


def _unknown_kind(head: wire.Message, raw: Mapping[str, Any]) -> str:
    inner = raw.get(head.type)
    kind = inner.get("type") if isinstance(inner, dict) else None
    return f"{head.type}.{kind}" if kind else head.type


def _hints(head: wire.Message, found: Content) -> dict[str, str]:
    referral = head.referral or _NO_REFERRAL
    context = head.context or _NO_CONTEXT
    product = context.referred_product or _NO_PRODUCT
    said = found.text if found.kind in ("message", "postback") else None
    return {
        **found.hints,
        **known(
            {
                "group": head.group_id,
                "consent": None if found.automatic else consent_in(said),
                "forwarded": _forwarded(context),
                "product": product.product_retailer_id,
                "advertisement": referral.source_id,
                "advertisement_type": referral.source_type,
                "advertisement_title": referral.headline,
                "advertisement_url": referral.source_url,
                "click": referral.ctwa_clid,
            }
        ),
    }


def _forwarded(context: wire.Context) -> str | None:
    if context.frequently_forwarded:
        return "frequently"
    return "yes" if context.forwarded else None
