"""Automatic messages: what a decision tells a customer, in his language, on his channel. Pure."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.channels.registry import CHANNELS
from shared.clock import from_milliseconds
from shared.config.automatic import AutomaticName, spoken, words
from shared.config.models import Workspace
from shared.events.outbound import CallControl, MailThread, OutboundMessage
from shared.events.routing import Told
from shared.views.documents import Contact, Conversation

LIVE = frozenset({"started", "menu", "queued", "bridged"})
"""The states of a call whose line is open."""
ENDS_THE_CALL = frozenset({"callback_confirmed", "after_hours_closed", "max_wait_closed"})
"""What is said last: the caller need not hold the line any more."""
_WHILE_WAITING = frozenset({"expected_wait", "max_wait"})
_WITHIN = timedelta(minutes=10)
"""After that an automatic message is of no use to anybody."""
_MINUTE_MS = 60_000


def automatic(
    event: Told,
    found: Conversation,
    contact: Contact | None,
    workspace: tuple[str, Workspace],
    identity: str,
) -> OutboundMessage | None:
    """The message with this id that it becomes; None where there is nobody to be told: a caller
    who has hung up, a customer whose reply window is over, or who has been answered meanwhile."""
    name, shop = workspace
    at = from_milliseconds(event.at)
    until = _window(found, contact)
    live = found.attributes.get("call_state") in LIVE or event.what == "callback_confirmed"
    if (until is not None and at >= until) or (found.channel == "phone" and not live):
        return None
    if event.what in _WHILE_WAITING and found.state in ("held", "closed"):
        return None
    if event.what == "expected_wait" and found.channel == "phone":
        return None  # who holds the line hears that between two rounds of music
    language = _language(found, contact, shop)
    return OutboundMessage(
        id=identity,
        workspace=name,
        channel=found.channel,
        account=found.account,
        conversation_key=found.key,
        conversation_id=found.id,
        kind="auto",
        to=found.address if contact is None or found.channel == "phone" else contact.address,
        language=language,
        text=text(event, shop, language),
        mail=_thread(contact),
        call=_say(event, found) if found.channel == "phone" else None,
        window_expires_at=until,
        send_before=at + _WITHIN,
        written_at=at,
    )


def text(event: Told, workspace: Workspace, language: str) -> str:
    """What the customer reads or hears."""
    name, places = _said(event)
    found = words(workspace.automatic, language, name)
    for place, value in places.items():
        found = found.replace(f"{{{place}}}", value)
    return found


def _said(event: Told) -> tuple[AutomaticName, Mapping[str, str]]:
    """Which text, and what is filled in. What is not known is not said."""
    known = event.parameters
    if event.what in ("after_hours", "after_hours_closed"):
        if "opens_at" not in known:
            return "closed", {}
        opens = from_milliseconds(int(known["opens_at"])).astimezone(ZoneInfo(known["time_zone"]))
        return event.what, {"date": opens.date().isoformat(), "time": opens.strftime("%H:%M")}
    if "p50_ms" in known and "position" in known:
        minutes, at_most = (_minutes(known[quantile]) for quantile in ("p50_ms", "p90_ms"))
        places = {"position": known["position"], "minutes": minutes, "at_most": at_most}
        return "expected_wait", places
    if event.what == "expected_wait":
        return "position", {"position": known.get("position", "")}
    return event.what, {}


def _minutes(milliseconds: str) -> str:
    return str(max(1, math.ceil(int(milliseconds) / _MINUTE_MS)))


def _language(found: Conversation, contact: Contact | None, workspace: Workspace) -> str:
    wanted = (contact.language if contact is not None else None) or found.attributes.get("language")
    return spoken(wanted, workspace.languages, workspace.automatic)


def _window(found: Conversation, contact: Contact | None) -> datetime | None:
    """Until when free text may be sent, where the channel has such a window and we know of it."""
    hours = CHANNELS[found.channel].limits.window_hours if found.channel in CHANNELS else None
    if hours is None or contact is None or contact.spoke_at is None:
        return None
    return from_milliseconds(contact.spoke_at) + timedelta(hours=hours)


def _thread(contact: Contact | None) -> MailThread | None:
    """What keeps it in the customer's mail thread (RFC 5322, 3.6.4)."""
    mail = contact.mail if contact is not None else None
    if mail is None:
        return None
    return MailThread(
        subject=mail.subject, in_reply_to=mail.message_id, references=tuple(mail.references)
    )


def _say(event: Told, found: Conversation) -> CallControl:
    return CallControl(
        action="say",
        call_id=found.attributes.get("call"),
        hang_up=event.what in ENDS_THE_CALL,
    )
