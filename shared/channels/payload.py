"""Reading a provider's JSON: bounded, tolerant of what really comes, exact about errors."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared.errors import PayloadInvalid

MAX_DEPTH = 64
_MILLISECONDS_FROM = 10**12
_LATEST = 253_402_300_799  # the last second of the year 9999

# An escape in a JSON string: a whole surrogate pair, half of one (group 1), or anything else.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class Wire(BaseModel):
    """A piece of a provider's format. What it does not know is ignored; a null is an absent field;
    an id may come as a number.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or None not in raw.values():
            return raw
        return {key: value for key, value in raw.items() if value is not None}


W = TypeVar("W", bound=Wire)
T = TypeVar("T")

Few = Annotated[tuple[T, ...], Field(max_length=1000)]
"""A list inside one item: bounded, because an error names every element."""


def _moment(value: Any) -> datetime:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("not a Unix time") from None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    if not 0 <= seconds <= _LATEST:
        raise ValueError("not a Unix time")
    return datetime.fromtimestamp(seconds, UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A Unix time in seconds or milliseconds, as a number or a string: providers mix them."""

Identifier = Annotated[str, Field(min_length=1, max_length=1024)]
"""An opaque id of the provider's."""


def _nothing_if_empty(value: str | None) -> str | None:
    return value or None


Words = Annotated[str | None, AfterValidator(_nothing_if_empty)]
"""A text that may be absent; an empty one is absent too."""


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object a body holds, at most 64 levels deep.

    Half a surrogate pair, which providers send when they cut a text inside an emoji, is read as
    U+FFFD: it must not cost a whole batch. Raises PayloadInvalid, saying where.
    """
    value = _loads(body)
    if not isinstance(value, dict):
        raise PayloadInvalid(f"body: expected a JSON object, not {_kind(value)}")
    # A level costs a bracket: the usual single message needs no walk.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise PayloadInvalid(f"body: nested deeper than {MAX_DEPTH} levels")
    return value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value nests more than so many levels. Iterative: depth is hostile input."""
    level: list[Any] = [value]
    for _ in range(levels):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def read_item(model: type[W], raw: Any, where: str) -> W:
    """The item as a model. Raises PayloadInvalid with the first error's place, never its value."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join([where, *(str(part) for part in first["loc"])])
        raise PayloadInvalid(f"{path}: {first['msg']}"[:300]) from None


def raw_of(item: Any) -> bytes:
    """An item of a batch as JSON again, for the dead letters."""
    return orjson.dumps(item)


def known(values: Mapping[str, object]) -> dict[str, str]:
    """The values that are there, as strings: hints and extras."""
    return {key: str(value) for key, value in values.items() if value not in (None, "")}


def an_object(value: Any, where: str) -> dict[str, Any]:
    """The value, if it is an object. Raises PayloadInvalid."""
    if not isinstance(value, dict):
        raise PayloadInvalid(f"{where}: expected an object, not {_kind(value)}")
    return value


def list_of(parent: Mapping[str, Any], key: str, where: str) -> list[Any]:
    """The list at `key`; an absent one is empty. Raises PayloadInvalid when it is no list."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise PayloadInvalid(f"{where}.{key}: expected a list, not {_kind(value)}")
    return value


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _loads_repaired(body)


def _loads_repaired(body: bytes) -> Any:
    try:
        body.decode()
        return orjson.loads(_ESCAPE.sub(_repair, body))
    except UnicodeDecodeError as error:
        raise PayloadInvalid(f"body: not UTF-8 at byte {error.start}") from None
    except orjson.JSONDecodeError as error:
        raise PayloadInvalid(f"body: not JSON at character {error.pos}: {error.msg}") from None


def _repair(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match.group(1) else match.group()


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, dict | list)]
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict | list)]
    return []


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")
