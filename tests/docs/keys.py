"""The tables of docs/configuration.md, made from the models of `patchbay.yaml`."""

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shared.channels.registry import CHANNELS
from shared.config.models import Config
from shared.config.wording import PATTERNS

FILE = Path(__file__).parents[2] / "docs" / "configuration.md"
_TABLE = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEADING = re.compile(r"^#+ (.+?)\n(?:(?!^#).*\n)*?<!-- keys: (\w+) -->", re.MULTILINE)
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
}
_SET_BY_PLACE = {"name", "workspace"}
_LONGEST_DEFAULT = 90

Schema = dict[str, Any]


def models() -> dict[str, type[BaseModel]]:
    """Every model of the file by its name: those below `Config`, and the accounts."""
    roots: list[type[BaseModel]] = [Config, *(c.settings for c in CHANNELS.values())]
    return {model.__name__: model for root in roots for model in _below(root)}


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from _below(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def written(page: str) -> str:
    """The page with every table as the models have it."""
    links = {model: f"[{heading}](#{slug(heading)})" for heading, model in _HEADING.findall(page)}
    links["AccountSettings"] = "[account](#channelsname)"
    known = models()
    return _TABLE.sub(lambda found: f"{found[1]}{_table(known[found[2]], links)}{found[3]}", page)


def slug(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _table(model: type[BaseModel], links: Mapping[str, str]) -> str:
    schema = model.model_json_schema()
    meanings = _meanings(model)
    rows = [
        [f"`{key}`", _value(shape, links), _default(key, shape, schema), meanings.get(key, "")]
        for key, shape in schema["properties"].items()
        if key not in _SET_BY_PLACE or key in schema.get("required", ())
    ]
    rows = [["key", "value", "default", "meaning"], ["---"] * 4, *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The text below each field, of the nearest class that has one."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _texts(base)
    return found


def _texts(model: type[BaseModel]) -> dict[str, str]:
    (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        above.target.id: " ".join(below.value.value.split())
        for above, below in pairwise(tree.body)
        if isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
    }


def _value(shape: Schema | bool, links: Mapping[str, str]) -> str:
    if isinstance(shape, bool):
        return "anything"
    if "$ref" in shape:
        return links[shape["$ref"].rpartition("/")[2]]
    if "anyOf" in shape:
        some = shape["anyOf"] if shape.get("default") is not None else shape["anyOf"][:1]
        return " or ".join(_value(one, links) for one in some)
    if "const" in shape or "enum" in shape:
        return ", ".join(f"`{value}`" for value in shape.get("enum", [shape.get("const")]))
    if shape["type"] == "array":
        return _list(shape, links)
    if shape["type"] == "object":
        return _mapping(shape, links)
    return "`null`" if shape["type"] == "null" else _scalar(shape)


def _list(shape: Schema, links: Mapping[str, str]) -> str:
    inner = _value(shape["items"], links)
    return "secret, or a list of two" if inner == "secret" else f"list: {inner}"


def _mapping(shape: Schema, links: Mapping[str, str]) -> str:
    ((pattern, inner),) = shape.get("patternProperties", {"": None}).items()
    names = shape.get("propertyNames", {})
    key = _short(pattern) if pattern else "text"
    if "enum" in names:
        key = ", ".join(f"`{value}`" for value in names["enum"])
    return f"{key} → {_value(inner or shape['additionalProperties'], links)}"


def _scalar(shape: Schema) -> str:
    if shape.get("format") in ("password", "date", "time"):
        return {"password": "secret", "date": "day", "time": "time"}[shape["format"]]
    if "pattern" in shape:
        return _short(shape["pattern"])
    low, high = shape.get("minimum"), shape.get("maximum")
    above = shape.get("exclusiveMinimum")
    bounds = [
        f"above {above:g}" if above is not None else "",
        f"from {low:g}" if low is not None else "",
        f"to {high:,}".replace(".0", "") if high is not None else "",
    ]
    return " ".join([_KINDS[shape["type"]], *(bound for bound in bounds if bound)])


def _short(pattern: str) -> str:
    return PATTERNS[pattern].removeprefix("a ").removeprefix("an ").partition(": ")[0]


def _default(key: str, shape: Schema, whole: Schema) -> str:
    if key in whole.get("required", ()) or key == "channel":
        return "**required**"
    value = shape.get("default")
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, str):
        return f"“{value}”" if " " in value else f"`{value.removesuffix(':00')}`"
    shown = json.dumps(value, ensure_ascii=False).replace(':00:00"', ':00"')
    return f"`{shown}`" if len(shown) <= _LONGEST_DEFAULT else "see there"
