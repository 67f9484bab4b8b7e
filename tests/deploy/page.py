"""The tables of docs/operations.md, made from the code. `make docs` writes them."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase
from pydantic_settings import BaseSettings

from shared.settings import KafkaAccess, ServiceSettings
from shared.topics import TOPICS
from tests.deploy import variables
from tests.deploy.example import EXAMPLE, OVERLAY, mounted

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TYPES = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`"}


def topics() -> str:
    """Every topic with what its records are and how long they are kept."""
    rows = [
        [
            f"`{topic.name}`",
            "by workspace" if topic.by == "workspace" else "by key",
            "latest per key" if topic.compacted else f"{topic.retention_days} days",
            ", ".join(sorted(f"`{event.__name__}`" for event in topic.holds)),
        ]
        for topic in TOPICS.values()
    ]
    return _table(["topic", "partition", "kept", "holds"], rows)


def metrics() -> str:
    """Every metric with the question it answers."""
    rows = [
        [f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), text]
        for service in variables.SERVICES
        for name, kind, labels, text in _metrics_of(service)
    ]
    return _table(["metric", "type", "labels", "the question it answers"], rows)


def _metrics_of(service: str) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    module = importlib.import_module(f"services.{service}.metrics")
    notes = _notes(module)
    for variable, metric in vars(module).items():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = family.name + ("_total" if family.type == "counter" else "")
            text = " ".join([family.documentation, notes.get(variable, "")]).strip()
            yield name, family.type, metric._labelnames, text


def _notes(module: Any) -> dict[str, str]:
    """The string literal that stands below a variable, by the variable's name."""
    body = ast.parse(inspect.getsource(module)).body
    return {
        target.id: " ".join(below.value.value.split())
        for above, below in pairwise(body)
        if isinstance(above, ast.Assign) and isinstance(below, ast.Expr)
        for target in above.targets
        if isinstance(target, ast.Name)
        if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def settings() -> str:
    """Every variable, its default, and what the class says about it."""
    own = [c for s in variables.SERVICES for c in variables.settings_of(s) if c is not KafkaAccess]
    inherited = set(ServiceSettings.model_fields)
    parts = [
        _section("All services", ServiceSettings, set()),
        _section("A Kafka that asks who is there", KafkaAccess, set()),
        *(_section(_title(c), c, inherited) for c in own if set(c.model_fields) - inherited),
    ]
    return "\n".join(parts)


def _title(settings: type[BaseSettings]) -> str:
    return settings.__name__.removesuffix("Settings")


def _section(title: str, settings: type[BaseSettings], leave_out: set[str]) -> str:
    names = dict(zip(settings.model_fields, variables.fields(settings), strict=True))
    text = inspect.getdoc(settings) or ""
    for field, (variable, _) in names.items():
        text = text.replace(f"`{field}`", f"`{variable}`")
    schema = settings.model_json_schema()["properties"]
    rows = [
        [f"`{variable}`", _accepted(shape), _shown(shape.get("default"))]
        for field, (variable, info) in names.items()
        if field not in leave_out
        for shape in [schema[str(info.validation_alias or field)]]
    ]
    table = _table(["variable", "value", "default"], rows)
    return f"**{title}.** {' '.join(text.split())}\n\n{table}"


def _accepted(shape: dict[str, Any]) -> str:
    if "anyOf" in shape:
        return _accepted(shape["anyOf"][0])
    if "enum" in shape:
        return ", ".join(f"`{value}`" for value in shape["enum"])
    if shape["type"] == "array":
        return "JSON list"
    text = "path" if shape.get("format") == "path" else _TYPES.get(shape["type"], "text")
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None and high is not None:
        return f"{text} {low:g} to {high:g}"
    above = shape.get("exclusiveMinimum")
    bounds = [
        f"above {above:g}" if above is not None else "",
        f"from {low:g}" if low is not None else "",
        f"to {high:g}" if high is not None else "",
    ]
    return " ".join([text, *(bound for bound in bounds if bound)])


def _shown(default: Any) -> str:
    if default in (None, "", []):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(page: str) -> str:
    """The page with every table as the code has it."""
    tables = {"topics": topics, "metrics": metrics, "settings": settings}
    return _TABLE.sub(lambda found: f"{found[1]}{tables[found[2]]()}{found[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    OVERLAY.write_text(mounted(EXAMPLE.read_text()))
