"""Fold `inbound` and `outbound` into what was said, and into how a customer is answered. Pure."""

from collections.abc import Iterable

from services.router.view.sheet import Fold, Placed, Sheet
from shared.clock import milliseconds
from shared.events.inbound import Action, CustomerEvent
from shared.events.outbound import OutboundMessage
from shared.views.documents import (
    Alerted,
    Contact,
    Item,
    MailHead,
    MessageEntry,
    Sent,
    entry_text,
)

OPENS_WINDOW = frozenset({"message", "reaction", "postback", "call", "comment"})
"""The actions that can restart a reply window, where the channel does not say otherwise."""


def _contacts(sheet: Sheet, batch: list[Placed[CustomerEvent]]) -> Iterable[str]:
    return (sheet.keys.contact(placed.data.conversation_key) for placed in batch)


def _said(sheet: Sheet, placed: Placed[CustomerEvent]) -> None:
    event = placed.data
    until = milliseconds(event.received_at) + sheet.keep_ms
    sheet.put(sheet.keys.item(event.id), Item(action=event.action), until)
    key = sheet.keys.contact(event.conversation_key)
    contact = sheet.get(key, Contact) or Contact(address=event.action.sender.address)
    _know(contact, event.action)
    sheet.put(key, contact, until)


def _know(contact: Contact, action: Action) -> None:
    """Whatever this action tells about answering: the latest sender is the one we answer to."""
    contact.address = action.sender.address
    contact.name = action.sender.name or contact.name
    contact.language = action.sender.language or contact.language
    if action.opens_window and action.kind in OPENS_WINDOW:
        contact.spoke_at = max(contact.spoke_at or 0, milliseconds(action.occurred_at))
    if action.mail is not None and not action.automatic:
        mail = action.mail
        contact.mail = MailHead(
            message_id=mail.message_id, subject=mail.subject, references=list(mail.references)
        )


def _wrote(sheet: Sheet, placed: Placed[OutboundMessage]) -> None:
    message = placed.data
    at = milliseconds(message.written_at)
    sheet.put(sheet.keys.message(message.id), Sent(message=message), at + sheet.keep_ms)
    if message.conversation_id is not None:
        timeline = sheet.keys.timeline(message.conversation_id)
        sheet.rank(timeline, entry_text(MessageEntry(id=message.id)), at)
        sheet.keep(timeline, at)
    elif message.kind == "alert":
        alerted = sheet.keys.alerted(message.conversation_key)
        sheet.put(alerted, Alerted(message=message.id), at + sheet.keep_ms)


INBOUND_FOLD: Fold[CustomerEvent] = Fold(needs=(_contacts,), apply=_said)
OUTBOUND_FOLD: Fold[OutboundMessage] = Fold(needs=(), apply=_wrote)
