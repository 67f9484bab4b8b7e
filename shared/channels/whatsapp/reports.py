"""What WhatsApp reports: statuses of our messages, errors of our account, users' preferences."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.channels import Incoming, Item, Outcome, Reported, Skipped, Unprocessed
from shared.channels.batch import unknown
from shared.channels.handles import read_handle
from shared.channels.meaning import outcome
from shared.channels.meta.errors import GraphError, meaning_of
from shared.channels.payload import raw_of, read_item
from shared.channels.whatsapp import wire
from shared.channels.whatsapp.errors import CODES, UNDELIVERED
from shared.channels.whatsapp.identity import identity_of, thread_of
from shared.errors import PayloadInvalid
from shared.events.inbound import Action, Sender
from shared.events.outbound import ReceiptStatus
from shared.ids import derived_id

_STATUSES: dict[str, ReceiptStatus] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "played",
    "failed": "failed",
}
_NOTHING = frozenset({"deleted", "warning"})


def status(ours: str, raw: Any, where: str) -> Iterable[Item]:
    """One status of one message we sent."""
    found = read_item(wire.Status, raw, where)
    if found.status in _NOTHING:
        return [Skipped(f"status.{found.status}")]
    state = _STATUSES.get(found.status)
    if state is None:
        return [unknown(ours, f"status.{found.status}", raw)]
    who = identity_of(found.recipient_id, found.recipient_user_id)
    if who is None:
        raise PayloadInvalid(f"{where}.recipient_id: neither a number nor a user id")
    return [_reported(ours, found, state, thread_of(who.address))]


def _reported(
    ours: str, found: wire.Status, state: ReceiptStatus, thread: tuple[str, ...]
) -> Reported:
    message_id, part = read_handle(found.biz_opaque_callback_data) or (None, None)
    failure = _failure(found.errors) if state == "failed" else None
    return Reported(
        recipient=ours,
        dedupe=_key(found),
        thread=thread,
        status=state,
        occurred_at=found.timestamp,
        provider_id=found.id,
        message_id=message_id,
        part=part,
        kind=failure.kind if failure else None,
        code=failure.code if failure else None,
        reason=failure.reason if failure else None,
    )


def _failure(errors: Sequence[GraphError]) -> Outcome:
    if not errors:
        return Outcome(UNDELIVERED.kind, reason=UNDELIVERED.reason)
    first = errors[0]
    details = first.error_data.details if first.error_data else ""
    return outcome(meaning_of(first, CODES, {}) or UNDELIVERED, code=first.name, details=details)


def _key(found: wire.Status) -> str:
    """One member of a group after the other reports the same status of the same message."""
    key = f"{found.id}:{found.status}"
    member = found.recipient_participant_id
    return key if member is None else f"{key}:{derived_id('member', member)}"


def account_error(ours: str, raw: Any, where: str) -> Iterable[Item]:
    """An error that belongs to no message: a notice about the account."""
    error = read_item(GraphError, raw, where)
    known = meaning_of(error, CODES, {})
    detail = f"{error.name}: {known.reason if known else 'not in our table'}"
    return [Unprocessed(ours, "account_notice", "error", raw_of(raw), detail)]


def preference(ours: str, raw: Any, where: str) -> Iterable[Item]:
    """A user stopped or resumed our marketing messages."""
    found = read_item(wire.Preference, raw, where)
    who = identity_of(found.wa_id, found.user_id)
    if who is None:
        raise PayloadInvalid(f"{where}.wa_id: neither a number nor a user id")
    if found.value not in ("stop", "resume"):
        return [unknown(ours, "consent", raw)]
    key = _consent_key(who.address, found.category, found.value, found.timestamp)
    action = Action(
        kind="consent",
        sender=Sender(
            address=who.address, alternatives=(who.bsuid,) if who.number and who.bsuid else ()
        ),
        occurred_at=found.timestamp,
        provider_id=key,
        payload=found.value,
        hints={"purpose": found.category.removesuffix("_messages")},
        opens_window=False,
    )
    return [Incoming(ours, key, thread_of(who.address), action)]


def _consent_key(address: str, category: str, value: str, at: datetime) -> str:
    return derived_id("consent", address, category, value, at.isoformat())
