"""The settings in `.env.example`, made from their classes."""

import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from shared.settings import KafkaAccess, ServiceSettings
from tests.deploy import variables

FILE = Path(__file__).parents[2] / ".env.example"
_MARK = "(written by `make docs`) ---------------\n"


def written(text: str) -> str:
    """The file with its settings as the classes have them."""
    above = text.partition(_MARK)[0]
    own = [c for s in variables.SERVICES for c in variables.settings_of(s) if c is not KafkaAccess]
    inherited = set(ServiceSettings.model_fields)
    parts = [
        "\n".join(_section("Every service", ServiceSettings, set())),
        "\n".join(_section("A Kafka that asks who is there", KafkaAccess, set())),
    ]
    for settings in own:
        if set(settings.model_fields) - inherited:
            title = settings.__name__.removesuffix("Settings")
            parts.append("\n".join(_section(title, settings, inherited)))
    return f"{above}{_MARK}\n" + "\n\n".join(parts) + "\n"


def _section(title: str, settings: type[BaseSettings], leave_out: set[str]) -> Iterator[str]:
    named = dict(zip(settings.model_fields, variables.fields(settings), strict=True))
    text = " ".join((inspect.getdoc(settings) or "").split())
    for field, (variable, _) in named.items():
        text = text.replace(f"`{field}`", variable)
    yield from (f"# {line}" for line in textwrap.wrap(f"{title}. {text}", 96))
    for field, (variable, info) in named.items():
        if field not in leave_out:
            yield f"#{variable}={_shown(info.get_default(call_default_factory=False))}"


def _shown(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (tuple, list, frozenset)):
        return json.dumps(sorted(default))
    return str(default)
