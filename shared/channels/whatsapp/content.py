"""What each type of WhatsApp message says, in our words (Meta, "Cloud API webhooks": messages)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.channels.payload import W, known, list_of, read_item
from shared.channels.whatsapp import wire
from shared.errors import PayloadInvalid
from shared.events.inbound import ActionKind, Attachment, AttachmentKind

_MEDIA_LIVES = timedelta(days=7)
_MOST_CARDS = 500


class Content(NamedTuple):
    """The part of an action that depends on the message's type. `address` is a new one of his."""

    kind: ActionKind = "message"
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    payload: str | None = None
    hints: Mapping[str, str] = MappingProxyType({})
    automatic: bool = False
    opens_window: bool = True
    address: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A raw message, its place in the body and its time."""

    raw: Mapping[str, Any]
    where: str
    at: datetime

    def read(self, model: type[W], key: str) -> W:
        """The object at `key`. Raises PayloadInvalid."""
        return read_item(model, self.raw.get(key), f"{self.where}.{key}")


Read = Callable[[Given], Content | None]


def text(given: Given) -> Content:
    """A written message."""
    return Content(text=given.read(wire.Text, "text").body)


def media(kind: AttachmentKind) -> Read:
    """A file, which has to be fetched with the account's token within seven days."""

    def read(given: Given) -> Content:
        found = given.read(wire.Media, str(given.raw["type"]))
        attachment = Attachment(
            kind=kind,
            fetch="bearer",
            provider_ref=found.id,
            name=found.filename,
            mime=found.mime_type,
            sha256=found.sha256,
            expires_at=given.at + _MEDIA_LIVES,
            extra=known(
                {"voice": "yes" if found.voice else "", "animated": "yes" if found.animated else ""}
            ),
        )
        return Content(text=found.caption, attachments=(attachment,))

    return read


def location(given: Given) -> Content:
    """A place on the map."""
    place = given.read(wire.Location, "location")
    extra = known(
        {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "address": place.address,
            "url": place.url,
        }
    )
    return Content(attachments=(Attachment(kind="location", name=place.name, extra=extra),))


def contacts(given: Given) -> Content:
    """Address-book cards."""
    cards = list_of(given.raw, "contacts", given.where)
    attachments = tuple(
        _card(read_item(wire.Card, card, f"{given.where}.contacts.{index}"))
        for index, card in enumerate(cards[:_MOST_CARDS])
    )
    if len(cards) > _MOST_CARDS or not cards:
        raise PayloadInvalid(f"{given.where}.contacts: expected 1 to {_MOST_CARDS} cards")
    return Content(attachments=attachments, hints=known({"origin": given.raw.get("origin")}))


def _card(card: wire.Card) -> Attachment:
    places = (", ".join(filter(None, dict(place).values())) for place in card.addresses)
    extra = {
        "phones": ", ".join(item.phone or item.wa_id or "" for item in card.phones),
        "emails": ", ".join(item.email or "" for item in card.emails),
        "addresses": "; ".join(places),
        "urls": ", ".join(item.url or "" for item in card.urls),
        "organisation": card.org.company,
        "birthday": card.birthday,
        "vcard": card.vcard,
    }
    parts = (card.name.first_name, card.name.last_name)
    name = card.name.formatted_name or " ".join(filter(None, parts)) or None
    return Attachment(kind="contact", name=name, extra=known(extra))


def order(given: Given) -> Content:
    """A cart from the catalogue: one line per product below the customer's own words."""
    found = given.read(wire.Order, "order")
    lines = [_line(item) for item in found.product_items]
    said = "\n".join(filter(None, [found.text, *lines])) or None
    return Content(text=said, hints=known({"catalog": found.catalog_id, "cart": len(lines)}))


def _line(item: wire.OrderedItem) -> str:
    line = f"{item.quantity or 1} x {item.product_retailer_id or '?'}"
    if item.item_price is None:
        return line
    return f"{line}, {item.item_price} {item.currency or ''}".rstrip()
