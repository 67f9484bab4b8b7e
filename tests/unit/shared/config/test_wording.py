"""Every pattern a value may have to match is said in words."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from shared.channels.registry import CHANNELS
from shared.config.models import Config
from shared.config.wording import PATTERNS

MODELS: list[type[BaseModel]] = [Config, *(channel.settings for channel in CHANNELS.values())]


def test_every_pattern_has_words() -> None:
    found = {pattern for model in MODELS for pattern in _patterns(model.model_json_schema())}

    assert set(PATTERNS) == found


def _patterns(schema: Any) -> Iterator[str]:
    """Every pattern in a JSON schema; those of keys stand as `patternProperties` or names."""
    if isinstance(schema, list):
        for one in schema:
            yield from _patterns(one)
    elif isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", {})
        for one in schema.values():
            yield from _patterns(one)
