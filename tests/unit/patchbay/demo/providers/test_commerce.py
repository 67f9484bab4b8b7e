"""What the demo's shops and carriers send is what our sources read."""

from datetime import UTC, date, datetime

import pytest

from patchbay.demo.providers.commerce import Buyer, Parcel, Source, late
from shared.commerce import Fact
from shared.commerce.registry import SOURCES
from shared.events.commerce import ShipmentChanged
from tests.commerce.cases import NEWEST, source_of

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
URL = "https://patchbay.example/webhooks/commerce/shop1"
ADA = Buyer(
    number="900",
    name="Ada Lovelace",
    email="ada@example.com",
    phone="+4915112345678",
    language="de",
    channel="whatsapp",
    address="4915112345678",
)
PARCEL = Parcel("PB000001", "ORD00001", date(2026, 10, 2), date(2026, 10, 5), ADA)


@pytest.mark.parametrize("name", ["aftership", "shopify", "signed"])
def test_a_late_parcel_is_read_as_one(name: Source) -> None:
    adapter, source = SOURCES[name], source_of(name)
    requests = late(name, URL, NEWEST, PARCEL, NOW)
    assert [adapter.verify(request, source, NOW) for request in requests] == [0] * len(requests)
    items = [item for request in requests for item in adapter.parse(request, source, NOW)]
    facts = [item for item in items if isinstance(item, Fact)]
    assert facts == items
    assert {fact.key for fact in facts} == {"order/ORD00001"}
    contacts = [fact.event.contact for fact in facts if hasattr(fact.event, "contact")]
    assert "4915112345678" in [c.addresses.get("whatsapp") for c in contacts if c]
    delayed = facts[-1].event
    assert isinstance(delayed, ShipmentChanged)
    assert (delayed.state, delayed.expected) == ("delayed", date(2026, 10, 5))


@pytest.mark.parametrize("name", ["aftership", "shopify", "signed"])
def test_the_same_parcel_again_is_the_same_fact(name: Source) -> None:
    adapter, source = SOURCES[name], source_of(name)
    ids = [
        [
            item.event.id
            for request in late(name, URL, NEWEST, PARCEL, NOW)
            for item in adapter.parse(request, source, NOW)
            if isinstance(item, Fact)
        ]
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
