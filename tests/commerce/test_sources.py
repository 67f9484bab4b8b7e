"""Every source is held to its case files, and all of them to the same rules."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels import HttpRequest
from shared.commerce import Fact, FactItem
from shared.commerce.aftership import SUBTAGS, TAGS
from shared.commerce.registry import SOURCES
from shared.commerce.shopify import FULFILLMENT_STATES, ORDER_TOPICS, SHIPMENT_STATES
from shared.errors import PayloadInvalid, SignatureInvalid
from tests.channels.cases import plain_item
from tests.commerce.cases import HERE, Case, cases, signature_cases, source_of

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("case", cases())
def test_reads_what_the_source_sends(case: Case, update: bool) -> None:
    case.settle(_parsed(case), update=update)


@pytest.mark.parametrize("case", cases())
def test_the_same_delivery_again_is_the_same_fact(case: Case) -> None:
    assert _parsed(case) == _parsed(case)


@pytest.mark.parametrize("case", cases())
def test_a_fact_is_the_workspace_s_and_named_by_its_source(case: Case) -> None:
    for fact in _facts(_items(case)):
        assert fact.event.workspace == "acme"
        assert fact.event.source == "shop1"
        assert fact.event.id.startswith("shop1:")
        assert fact.key.partition("/")[0] in ("order", "shipment", "product")
        assert fact.event.occurred_at.utcoffset() is not None


@pytest.mark.parametrize("case", signature_cases())
def test_believes_only_the_source(case: Case) -> None:
    assert _verified(case) == {
        key: case.data[key] for key in ("expected", "error") & case.data.keys()
    }


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_source_has_cases(name: str) -> None:
    assert list((HERE / name).glob("*.json"))
    assert list((HERE / name / "signatures").glob("*.json"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    [
        *("event", "event_id", "msg", "ts", "id", "order_id", "status", "fulfillment_id"),
        *("tracking_number", "customers", "emails", "updated_at", "latest_estimated_delivery"),
        *("customer", "fulfillments", "inventory_item_id", "location_id", "available"),
        *("type", "timestamp", "data", "shipment", "state", "contact", "addresses"),
    ]
)
_TOPICS = st.sampled_from([*ORDER_TOPICS, "fulfillments/update", "refunds/create", "x/y", ""])


@given(body=st.dictionaries(_KEYS, _JSON) | _JSON, topic=_TOPICS)
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_body_does_more_than_be_refused(name: str, body: Any, topic: str) -> None:
    request = HttpRequest("POST", "", {"x-shopify-topic": topic}, _dump(body))
    assert isinstance(_outcome(name, request), list | PayloadInvalid)


@given(body=st.binary(max_size=200))
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_bytes_do_more_than_be_refused(name: str, body: bytes) -> None:
    request = HttpRequest("POST", "", {"x-shopify-topic": "orders/create"}, body)
    assert isinstance(_outcome(name, request), list | PayloadInvalid)


@given(
    header=st.sampled_from(
        ["aftership-hmac-sha256", "x-shopify-hmac-sha256", "webhook-signature", "webhook-timestamp"]
    ),
    value=st.text(max_size=60),
    body=st.binary(max_size=60),
)
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_header_gets_in(name: str, header: str, value: str, body: bytes) -> None:
    request = HttpRequest("POST", "", {"webhook-id": "m", header: value}, body)
    with pytest.raises(SignatureInvalid):
        SOURCES[name].verify(request, source_of(name), NOW)


def test_the_tables_of_states_hold_what_the_sources_document() -> None:
    assert len(TAGS) == 9
    assert {"Exception_004", "Exception_005", "Exception_016", "Exception_017"} <= SUBTAGS.keys()
    assert SHIPMENT_STATES["delayed"] == "delayed"
    assert {"pending", "open", "success", "cancelled", "error", "failure"} == set(
        FULFILLMENT_STATES
    )


def _items(case: Case) -> Sequence[FactItem]:
    try:
        return case.adapter.parse(case.request, case.source, case.now)
    except PayloadInvalid:
        return []


def _facts(items: Sequence[FactItem]) -> list[Fact]:
    return [item for item in items if isinstance(item, Fact)]


def _parsed(case: Case) -> dict[str, Any]:
    try:
        items = case.adapter.parse(case.request, case.source, case.now)
    except PayloadInvalid as error:
        return {"error": error.code, "detail": str(error)}
    return {"expected": [plain_item(item) for item in items]}


def _verified(case: Case) -> dict[str, Any]:
    try:
        return {"expected": case.adapter.verify(case.request, case.source, case.now)}
    except SignatureInvalid as error:
        return {"error": error.code}


def _outcome(name: str, request: HttpRequest) -> Sequence[FactItem] | PayloadInvalid:
    try:
        return SOURCES[name].parse(request, source_of(name), NOW)
    except PayloadInvalid as error:
        return error


def _dump(body: Any) -> bytes:
    return json.dumps(body).encode()
