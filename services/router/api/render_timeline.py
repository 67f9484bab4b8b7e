"""From the entries of a timeline, and what they refer to, to what the API answers. Pure."""

from collections.abc import Mapping
from typing import get_args

from services.router.api import answered_timeline as out
from services.router.api.render import moment
from shared.clock import from_milliseconds
from shared.events.inbound import ActionKind, Attachment
from shared.views import documents as view

_ACTIONS: dict[str, ActionKind] = {name: name for name in get_args(ActionKind)}


def customer(
    entry: view.CustomerEntry, at: int, item: view.Item | None, moved_to: str | None = None
) -> out.CustomerEntry:
    action = item.action if item is not None else None
    mail = action.mail if action is not None else None
    return out.CustomerEntry(
        id=entry.ref,
        at=from_milliseconds(at),
        action=_ACTIONS.get(entry.action, "message"),
        text=action.text if action is not None else None,
        subject=mail.subject if mail is not None else None,
        attachments=[attachment(one) for one in (action.attachments if action is not None else ())],
        automatic=action.automatic if action is not None else False,
        reply_to=action.reply_to if action is not None else None,
        moved_to=moved_to,
    )


def message(
    entry: view.MessageEntry, at: int, sent: view.Sent | None, delivery: out.DeliveryOut
) -> out.MessageEntry:
    written = sent.message if sent is not None else None
    kind = None
    if written is not None:
        kind = f"call_{written.call.action}" if written.call is not None else written.kind
    return out.MessageEntry(
        id=entry.id,
        at=from_milliseconds(at),
        kind=kind,
        author=written.author if written is not None else None,
        text=written.text if written is not None else None,
        template=written.template.name if written is not None and written.template else None,
        attachments=[attachment(one) for one in (written.attachments if written else ())],
        delivery=delivery,
    )


def system(entry: view.SystemEntry, at: int) -> out.SystemEntry:
    return out.SystemEntry(
        id=entry.id,
        at=from_milliseconds(at),
        event=entry.event,
        agent=entry.agent,
        queue=entry.queue,
        how=entry.how,
        reason=entry.reason,
        note=entry.note,
        other=entry.other,
    )


def attachment(found: Attachment) -> out.AttachmentOut:
    """A provider's internal reference is of no use to an agent and stays inside."""
    link = found.provider_ref or ""
    return out.AttachmentOut(
        kind=found.kind,
        name=found.name,
        mime=found.mime,
        size=found.size,
        url=link if link.startswith("https://") and found.fetch in ("signed_url", "none") else None,
    )


def delivery(found: view.Delivery | None, marks: view.Marks | None) -> out.DeliveryOut:
    """How far the message got: as far as its slowest part, unless one failed."""
    if found is None or not found.parts:
        return out.DeliveryOut(state="queued", at=None, reason=None, code=None)
    parts = list(found.parts.values())
    failed = [part for part in parts if part.state == "failed"]
    slowest = failed[0] if failed else min(parts, key=_rank)
    state, at = slowest.state, slowest.at
    if len(parts) < found.total and not failed and _rank(slowest) > _SENDING:
        state = "sending"
    elif not failed:
        state, at = _marked(state, at, found, marks)
    return out.DeliveryOut(state=state, at=moment(at), reason=slowest.reason, code=slowest.code)


def _marked(
    state: view.DeliveryState, at: int, found: view.Delivery, marks: view.Marks | None
) -> tuple[view.DeliveryState, int]:
    """A watermark speaks for everything that was accepted before it."""
    accepted = found.accepted_at
    if marks is None or accepted is None:
        return state, at
    told: Mapping[view.DeliveryState, int | None] = {
        "delivered": marks.delivered,
        "read": marks.read,
    }
    for name, until in told.items():
        higher = view.DELIVERY_ORDER.index(name) > view.DELIVERY_ORDER.index(state)
        if until is not None and accepted <= until and higher:
            state, at = name, until
    return state, at


def _rank(part: view.PartDelivery) -> int:
    return view.DELIVERY_ORDER.index(part.state)


_SENDING = view.DELIVERY_ORDER.index("sending")
