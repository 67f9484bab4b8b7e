import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.channels.payload import (
    Few,
    Moment,
    Wire,
    is_deeper,
    known,
    list_of,
    raw_of,
    read_item,
    read_object,
)
from shared.errors import PayloadInvalid


class Thing(Wire):
    id: str
    tags: Few[int] = ()
    note: str = "none"


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(levels=st.integers(1, 90), limit=st.integers(1, 90))
def test_depth_is_counted_in_levels(levels: int, limit: int) -> None:
    assert is_deeper(nested(levels), limit) == (levels > limit)


@given(st.text() | st.integers() | st.none())
def test_a_scalar_has_no_depth(value: object) -> None:
    assert not is_deeper(value, 1)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())))
def test_reads_what_json_can_say(value: dict[str, Any]) -> None:
    assert read_object(json.dumps(value).encode()).keys() == value.keys()


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb'{"a":"x\ud83d"}', "x\ufffd"),
        (rb'{"a":"\udce6x"}', "\ufffdx"),
        (rb'{"a":"\ud83d\ud83d\udce6"}', "\ufffd\U0001f4e6"),
        (rb'{"a":"\\ud83d \ud83d"}', "\\ud83d \ufffd"),
        (rb'{"a":"\\\ud83d"}', "\\\ufffd"),
    ],
)
def test_half_a_surrogate_pair_costs_one_character(body: bytes, read: str) -> None:
    assert read_object(body) == {"a": read}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"\xff{}", "not UTF-8 at byte 0"),
        (b'{"a":"\xed\xa0\xbd"}', "not UTF-8 at byte 6"),
        (b"{'a':1}", "not JSON at character 1"),
        (b"{} {}", "not JSON at character 3"),
        (b"null", "expected a JSON object, not null"),
        (b"true", "expected a JSON object, not a boolean"),
        (b"3", "expected a JSON object, not a number"),
        (b"\xef\xbb\xbf{}", "not JSON at character 0"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper than 64 levels"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "not JSON"),
    ],
)
def test_says_where_a_body_is_wrong(body: bytes, where: str) -> None:
    with pytest.raises(PayloadInvalid, match=where):
        read_object(body)


def test_names_the_place_and_never_the_value() -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read_item(Thing, {"id": "1", "tags": [1, "secret"]}, "items.3")
    assert str(refused.value).startswith("items.3.tags.1: ")
    assert "secret" not in str(refused.value)


def test_an_error_stays_short_however_long_the_list() -> None:
    with pytest.raises(PayloadInvalid) as refused:
        read_item(Thing, {"id": "1", "tags": ["x"] * 100_000}, "items")
    assert len(str(refused.value)) <= 300


def test_a_null_is_an_absent_field_and_a_number_may_be_an_id() -> None:
    assert read_item(Thing, {"id": 7, "tags": None, "note": None}, "items") == Thing(id="7")


@pytest.mark.parametrize(
    "value", [1790000000, "1790000000", 1790000000.0, 1790000000000, "1790000000000"], ids=repr
)
def test_seconds_and_milliseconds_are_the_same_moment(value: object) -> None:
    assert TypeAdapter[datetime](Moment).validate_python(value) == datetime.fromtimestamp(
        1790000000, UTC
    )


@pytest.mark.parametrize(
    "value",
    ["", "soon", -1, "-5", [], {}, float("inf"), float("nan"), 10**30, "9" * 5000],
    ids=range(10),
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[datetime](Moment).validate_python(value)


def test_a_list_may_be_absent_but_not_something_else() -> None:
    assert list_of({}, "a", "entry") == []
    with pytest.raises(PayloadInvalid, match=r"entry\.a: expected a list, not an object"):
        list_of({"a": {}}, "a", "entry")


def test_hints_hold_only_what_is_there() -> None:
    assert known({"a": None, "b": "", "c": 0, "d": "x"}) == {"c": "0", "d": "x"}


def test_an_item_is_kept_as_json() -> None:
    assert json.loads(raw_of({"a": ["\ufffd", None]})) == {"a": ["\ufffd", None]}
