"""Fold `deliveries` into what became of each message. Pure.

A receipt may come before the outcome that tells whose it is, twice, or out of order.
"""

from collections.abc import Iterable, Mapping

from services.router.view.sheet import Fold, Placed, Sheet
from shared.clock import milliseconds
from shared.events.outbound import Attempted, Outcome, OutcomeKind, Receipt, ReceiptStatus
from shared.views.documents import (
    DELIVERY_ORDER,
    Delivery,
    DeliveryState,
    Marks,
    PartDelivery,
    ProviderMessage,
)

Delivered = Attempted | Outcome | Receipt

_UNSETTLED: Mapping[OutcomeKind, DeliveryState] = {
    "accepted": "accepted",
    "retry": "retrying",
    "throttled": "retrying",
    "unknown": "unknown",
}
_REPORTED: Mapping[ReceiptStatus, DeliveryState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
_ACCEPTED = DELIVERY_ORDER.index("accepted")


def _provider_key(sheet: Sheet, data: Outcome | Receipt) -> str | None:
    if data.provider_id is None:
        return None
    return sheet.keys.provider(f"{data.channel}/{data.account}", data.provider_id)


def _named(sheet: Sheet, batch: list[Placed[Delivered]]) -> Iterable[str]:
    for data in (placed.data for placed in batch):
        if data.message_id is not None:
            yield sheet.keys.delivery(data.message_id)
        if not isinstance(data, Attempted) and (key := _provider_key(sheet, data)):
            yield key
        if isinstance(data, Receipt) and data.watermark is not None:
            yield sheet.keys.marks(data.conversation_key)


def _behind(sheet: Sheet, batch: list[Placed[Delivered]]) -> Iterable[str]:
    for data in (placed.data for placed in batch):
        key = None if isinstance(data, Attempted) else _provider_key(sheet, data)
        known = sheet.get(key, ProviderMessage) if key else None
        if known is not None and known.message is not None:
            yield sheet.keys.delivery(known.message)


def _fold(sheet: Sheet, placed: Placed[Delivered]) -> None:
    data = placed.data
    if isinstance(data, Attempted):
        delivery = _delivery(sheet, data.message_id)
        delivery.total = max(delivery.total, data.parts)
        part = PartDelivery(state="sending", at=placed.at, attempt=data.attempt)
        _raise(sheet, data.message_id, data.part, part)
    elif isinstance(data, Outcome):
        _came_of(sheet, data, placed.at)
    else:
        _reported(sheet, data)


def _came_of(sheet: Sheet, outcome: Outcome, at: int) -> None:
    failed: DeliveryState = "failed" if outcome.final else "retrying"
    part = PartDelivery(
        state=_UNSETTLED.get(outcome.kind, failed),
        at=at,
        attempt=outcome.attempt,
        kind=outcome.kind,
        code=outcome.code,
        reason=outcome.reason,
    )
    if outcome.provider_id is not None:
        _delivery(sheet, outcome.message_id).provider_ids[outcome.part] = outcome.provider_id
    _raise(sheet, outcome.message_id, outcome.part, part)
    key = _provider_key(sheet, outcome)
    if key is not None:
        early = sheet.get(key, ProviderMessage)
        if early is not None and early.reported is not None:
            _raise(sheet, outcome.message_id, outcome.part, early.reported)
        known = ProviderMessage(message=outcome.message_id, part=outcome.part)
        sheet.put(key, known, at + sheet.keep_ms)


def _reported(sheet: Sheet, receipt: Receipt) -> None:
    state, at = _REPORTED[receipt.status], milliseconds(receipt.occurred_at)
    part = PartDelivery(
        state=state, at=at, kind=receipt.kind, code=receipt.code, reason=receipt.reason
    )
    if receipt.watermark is not None:
        _mark(sheet, receipt, state)
    key = _provider_key(sheet, receipt)
    known = sheet.get(key, ProviderMessage) if key else None
    if known is not None and known.message is not None:
        _raise(sheet, known.message, known.part, part)
    elif receipt.message_id is not None:
        _raise(sheet, receipt.message_id, receipt.part or 0, part)
    elif key is not None:
        early = known.reported if known is not None else None
        reported = ProviderMessage(reported=higher(early, part))
        sheet.put(key, reported, at + sheet.keep_ms)


def _mark(sheet: Sheet, receipt: Receipt, state: DeliveryState) -> None:
    """Everything up to the watermark got there (Meta, `message_deliveries`, `message_reads`)."""
    assert receipt.watermark is not None
    key, until = sheet.keys.marks(receipt.conversation_key), milliseconds(receipt.watermark)
    marks = sheet.get(key, Marks) or Marks()
    if state == "read":
        marks.read = max(marks.read or 0, until)
    marks.delivered = max(marks.delivered or 0, until)
    sheet.put(key, marks, until + sheet.keep_ms)


def _delivery(sheet: Sheet, message_id: str) -> Delivery:
    key = sheet.keys.delivery(message_id)
    delivery = sheet.get(key, Delivery)
    if delivery is None:
        delivery = Delivery()
        sheet.put(key, delivery)
    return delivery


def _raise(sheet: Sheet, message_id: str, number: int, part: PartDelivery) -> None:
    delivery = _delivery(sheet, message_id)
    delivery.parts[number] = higher(delivery.parts.get(number), part)
    if delivery.accepted_at is None and _rank(part) >= _ACCEPTED and part.state != "failed":
        delivery.accepted_at = part.at
    sheet.put(sheet.keys.delivery(message_id), delivery, part.at + sheet.keep_ms)


def higher(known: PartDelivery | None, told: PartDelivery) -> PartDelivery:
    """What holds after a new report: before acceptance the latest, from then on the furthest."""
    if known is None or _rank(known) < _ACCEPTED or _rank(told) > _rank(known):
        return told
    return known


def _rank(part: PartDelivery) -> int:
    return DELIVERY_ORDER.index(part.state)


DELIVERIES_FOLD: Fold[Delivered] = Fold(needs=(_named, _behind), apply=_fold)
