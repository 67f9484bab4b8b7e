"""Whatever bytes come, an adapter answers with items or with an error we expect."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.channels import HttpReply, Incoming, Item, Outcome, Reported, Skipped, Unprocessed
from shared.channels.registry import CHANNELS
from shared.errors import PayloadInvalid, SignatureInvalid
from tests.channels.cases import Case, cases


def _by_http(case: Case) -> bool:
    return isinstance(case.reply, HttpReply)


def _names(found: list[Case]) -> list[str]:
    return sorted({case.channel_name for case in found})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**9, 10**13)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1790000000", "text", "page", "", "-1", "9" * 30, "\x00", "US.1"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
GOOD = [parameter.values[0] for parameter in cases("inbound", having="expected")]
IN_JSON = [case for case in GOOD if "json" in case.data["request"]]
FORGED = [parameter.values[0] for parameter in cases("signatures", having="error")]
BY_HTTP = [parameter.values[0] for parameter in cases("replies") if _by_http(parameter.values[0])]
quick = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _good(name: str) -> list[Case]:
    return [case for case in GOOD if case.channel_name == name]


def _read(case: Case, body: bytes) -> list[Item]:
    request = dataclasses.replace(case.request, body=body)
    with suppress(PayloadInvalid):
        return list(case.channel.parse(request, case.account, case.now))
    return []


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else [])
    )
    for key, inner in pairs:
        yield from _places(inner, (*path, key))


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("name", _names(GOOD))
@quick
@given(body=st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: b"\x1f\x8b" + tail))
def test_any_bytes(name: str, body: bytes) -> None:
    for item in _read(_good(name)[0], body):
        assert isinstance(item, Incoming | Reported | Unprocessed | Skipped)


@pytest.mark.parametrize("name", _names(GOOD))
@quick
@given(value=JSON)
def test_any_json(name: str, value: Any) -> None:
    for item in _read(_good(name)[0], json.dumps(value).encode()):
        assert isinstance(item, Incoming | Reported | Unprocessed | Skipped)


@pytest.mark.parametrize("name", _names(IN_JSON))
@settings(quick, max_examples=150)
@given(data=st.data())
def test_any_change_to_a_good_body(name: str, data: st.DataObject) -> None:
    """Wherever a value is replaced: no exception but PayloadInvalid, and nothing is lost unseen."""
    case = data.draw(st.sampled_from([case for case in IN_JSON if case.channel_name == name]))
    good = case.data["request"]["json"]
    path = data.draw(st.sampled_from(list(_places(good))))
    body = json.dumps(_with(good, path, data.draw(JSON))).encode()
    for item in _read(case, body):
        assert isinstance(item, Incoming | Reported | Unprocessed | Skipped)
        assert not isinstance(item, Incoming) or (item.dedupe and all(item.thread))


@pytest.mark.parametrize("name", _names(BY_HTTP))
@quick
@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-business-use-case-usage"]),
        st.text(max_size=20) | JSON.map(json.dumps),
    ),
    body=st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps({"error": value}).encode())
    | st.fixed_dictionaries({"code": JSON, "error_subcode": JSON}).map(
        lambda value: json.dumps({"error": value}).encode()
    ),
)
def test_any_answer(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    outcome = CHANNELS[name].confirm(HttpReply(status, headers, body))
    assert isinstance(outcome, Outcome)
    assert outcome.after is None or 0 <= outcome.after <= 86_400
    assert outcome.kind != "accepted" or 200 <= status < 300


@pytest.mark.parametrize("name", _names(FORGED))
@quick
@given(
    value=st.text(max_size=100)
    | st.text(max_size=80).map(lambda text: f"sha256={text}")
    | st.text(max_size=80).map(lambda text: f"Bearer {text}")
)
def test_nobody_is_believed_for_any_header(name: str, value: str) -> None:
    forged = [case for case in FORGED if case.channel_name == name]
    headers = {key: value for case in forged for key in case.request.headers}
    request = dataclasses.replace(forged[0].request, headers=headers)
    with pytest.raises(SignatureInvalid):
        forged[0].channel.verify(request, forged[0].account, forged[0].now)
