"""What Messenger reports about our messages: watermarks, and echoes of what we sent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.channels import Item, Reported, Skipped
from shared.channels.handles import read_handle
from shared.channels.messenger import wire
from shared.channels.payload import read_item
from shared.errors import PayloadInvalid
from shared.events.outbound import ReceiptStatus
from shared.ids import derived_id


def echo(page: str, raw: Any, head: wire.Element, where: str) -> Item:
    """A copy of what the page sent. One that carries our string proves that our call succeeded,
    which is the only way to settle an unknown outcome here; any other is nothing to us.
    """
    found = read_item(wire.Message, raw, where)
    ours = read_handle(found.metadata)
    customer = head.recipient.id
    if ours is None or customer is None or head.timestamp is None:
        return Skipped("echo")
    return Reported(
        recipient=page,
        dedupe=f"{found.mid}:sent",
        thread=(customer,),
        status="sent",
        occurred_at=head.timestamp,
        provider_id=found.mid,
        message_id=ours[0],
        part=ours[1],
    )


def delivery(page: str, raw: Any, head: wire.Element, where: str) -> Iterable[Item]:
    """Everything up to the watermark was delivered; the ids may be missing."""
    found = read_item(wire.Delivery, raw, where)
    return [
        _watermark(page, "delivered", found.watermark, mid, head, where)
        for mid in found.mids or (None,)
    ]


def read(page: str, raw: Any, head: wire.Element, where: str) -> Iterable[Item]:
    """Everything up to the watermark, or one message, was read."""
    found = read_item(wire.Read, raw, where)
    if found.watermark is None and found.mid is None:
        raise PayloadInvalid(f"{where}.watermark: missing")
    return [_watermark(page, "read", found.watermark, found.mid, head, where)]


def _watermark(
    page: str,
    status: ReceiptStatus,
    watermark: datetime | None,
    mid: str | None,
    head: wire.Element,
    where: str,
) -> Reported:
    customer, at = head.sender.id, head.timestamp or watermark
    if customer is None or at is None:
        raise PayloadInvalid(f"{where}: without a sender or a time")
    moment = (watermark or at).isoformat()
    return Reported(
        recipient=page,
        dedupe=derived_id(status, customer, moment, mid or ""),
        thread=(customer,),
        status=status,
        occurred_at=at,
        provider_id=mid,
        watermark=watermark,
    )
