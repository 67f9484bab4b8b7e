"""Rules as they stand in records and snapshots: whole, and packed where they are large.

Whole, because a default may be another one in a newer version, and a replay decides by the rules of
its time. Packed (zlib, RFC 1950, in base64), because ten thousand agents are megabytes of JSON that
say nearly the same.
"""

import zlib
from base64 import b64decode, b64encode
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import from_json

from shared.rules import Rules

MOST_RULES = 600_000
"""Bytes of a workspace's stored rules that fit into one record beside their decision."""

_PLAIN = 100_000
_MOST_UNPACKED = 100_000_000


def store(rules: Rules) -> Any:
    """JSON: a mapping, or a text where that would be long."""
    text = rules.model_dump_json().encode()
    if len(text) <= _PLAIN:
        return from_json(text)
    return b64encode(zlib.compress(text)).decode()


def unstore(stored: Any) -> Any:
    """What `store` wrote, as `Rules` can validate it. Raises ValueError for anything else."""
    if not isinstance(stored, str):
        return stored
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(b64decode(stored, validate=True), _MOST_UNPACKED)
    except zlib.error as error:
        raise ValueError("packed rules that cannot be unpacked") from error
    if not unpacking.eof:
        raise ValueError(f"packed rules of more than {_MOST_UNPACKED:,} bytes")
    return from_json(text)


def restore_rules(stored: Any) -> Rules:
    """The rules that `store` wrote. Raises ValueError."""
    return Rules.model_validate(unstore(stored))


def rules_size(rules: Rules) -> int:
    """Their bytes as they are stored, to be compared with `MOST_RULES`."""
    stored = store(rules)
    return len(stored) if isinstance(stored, str) else len(rules.model_dump_json().encode())


StoredRules = Annotated[
    Rules,
    BeforeValidator(unstore),
    PlainSerializer(store),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}]}),
]
"""A field of an event that carries rules."""
