"""What pydantic finds, said to somebody who writes YAML. Never repeats a value from a secret."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from shared.config.models import Config
from shared.config.schema import keys_at, near
from shared.config.source import Document, Path_

PATTERNS: Mapping[str, str] = {
    r"^[a-z0-9][a-z0-9_-]{0,62}$": "a name: lower-case letters, digits, - and _, at most 63",
    r"^\+[1-9]\d{6,14}$": "a telephone number as +4930555550100",
    r"^[a-z]{2,3}$": "a language as en or de",
    r"^[A-Z]{2}$": "a country as DE",
    r"^[0-9*]$": "one key of a telephone, in quotes",
    r"^\d{1,40}$": "an id made of digits",
    r"^v\d{1,3}\.\d{1,2}$": "a version as v25.0",
    r"^AC[0-9a-fA-F]{32}$": "AC and 32 hexadecimal digits",
    r"^SK[0-9a-fA-F]{32}$": "SK and 32 hexadecimal digits",
    r"^https?://[^\s/]+(/\S*)?$": "an address as https://api.example",
    r"^https?://[^\s/?#]+(/[^\s?#]*)?$": "an address as https://hooks.shop.example",
    r"^https?://[^\s]{1,500}$": "an address as https://shop.example/music.mp3",
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$": "a locale as en-US",
    r"^[\w.-]{1,64}$": "the name of a voice as Polly.Joanna",
}

_KINDS: Mapping[str, str] = {
    "string_type": "a text",
    "string_sub_type": "a text",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "tuple_type": "a list",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "time_type": 'a time as "21:00"',
    "time_parsing": 'a time as "21:00"',
    "date_type": "a day as 2026-12-24",
    "date_parsing": "a day as 2026-12-24",
    "date_from_datetime_parsing": "a day as 2026-12-24",
}

_BOUNDS: Mapping[str, str] = {
    "greater_than_equal": "should be at least {ge:g}",
    "greater_than": "should be more than {gt:g}",
    "less_than_equal": "should be at most {le:g}",
    "less_than": "should be less than {lt:g}",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "string_too_short": "should have at least {min_length} characters",
    "string_too_long": "should have at most {max_length} characters",
}


def explain(document: Document, detail: ErrorDetails, root: type[BaseModel] = Config) -> None:
    """Note one of pydantic's errors as a problem, unless its value is known to be unreadable.

    `root` is the model of the whole file.
    """
    path: Path_ = tuple(step for step in detail["loc"] if step != "[key]")
    if any(path[: len(gone)] == gone for gone in document.unreadable):
        return
    is_key = path != detail["loc"]
    message, hint = _said(document, path, detail, is_key=is_key, root=root)
    document.problem(path, message, hint)


def _said(
    document: Document,
    path: Path_,
    detail: ErrorDetails,
    *,
    is_key: bool,
    root: type[BaseModel],
) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    value = path[-1] if is_key else document.at(path)
    if kind == "extra_forbidden":
        return f"unknown key {path[-1]!r}", near(
            str(path[-1]), keys_at(document.data, path[:-1], root)
        )
    if kind == "missing":
        return _missing(document, path, root)
    if kind == "literal_error":
        return _one_of(str(context["expected"]), value)
    if kind == "string_pattern_mismatch":
        wanted = PATTERNS.get(context["pattern"], f"like {context['pattern']}")
        return f"{value!r} is not {wanted}", ""
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context), ""
    if kind in _KINDS:
        return _other_kind(_KINDS[kind], value)
    message = detail["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:], ""


def _missing(document: Document, path: Path_, root: type[BaseModel]) -> tuple[str, str]:
    """A key that is needed, and the one that may have been meant for it."""
    there = document.at(path[:-1])
    strange = (
        set(there) - set(keys_at(document.data, path[:-1], root)) if isinstance(there, dict) else ()
    )
    close = difflib.get_close_matches(str(path[-1]), sorted(strange), n=1)
    return f"{path[-1]!r} is required", f"is it {close[0]!r}?" if close else ""


def _one_of(expected: str, value: Any) -> tuple[str, str]:
    known = re.findall(r"'([^']*)'", expected) or [expected]
    if isinstance(value, str):
        return f"{value!r} is not one of: {', '.join(known)}", _meant(value, known)
    return f"should be one of: {', '.join(known)}", ""


def _meant(value: str, known: list[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _other_kind(wanted: str, value: Any) -> tuple[str, str]:
    if isinstance(value, SecretStr):
        return f"should be {wanted}", "only secrets come from the environment or a file"
    if value is None:
        return f"should be {wanted}, and nothing stands here", ""
    hint = ""
    if wanted == "a text" and isinstance(value, (bool, int, float)):
        hint = "put it in quotes"
    elif wanted == "a list" and isinstance(value, str):
        hint = f"write [{value}]"
    return f"should be {wanted}, not {_name(value)}", hint


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, str)):
        return f"{value!r}"
    return "a list" if isinstance(value, list) else "a mapping"
