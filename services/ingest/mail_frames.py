"""What the ingest service and its mail workers say to each other."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from pydantic import ConfigDict, TypeAdapter

from shared.channels import Incoming, Item, Reported, Skipped, Unprocessed

FRAME = struct.Struct(">I")
"""Every message is preceded by its length in bytes."""

_BASE64 = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
_ADAPTERS: dict[str, TypeAdapter[list[Item]]] = {
    kind.__name__: TypeAdapter(list[kind], config=_BASE64)  # type: ignore[valid-type]
    for kind in (Incoming, Reported, Unprocessed, Skipped)
}


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Bounds of one worker: its address space, processor time per mail, and patience per mail."""

    memory_bytes: int = 512 * 1024 * 1024
    cpu_seconds: float = 10
    wall_seconds: float = 60


def dump_items(items: Sequence[Item]) -> bytes:
    """Items as `{"items": [[kind, [item]], …]}`."""
    pairs = [
        [type(item).__name__, orjson.Fragment(_ADAPTERS[type(item).__name__].dump_json([item]))]
        for item in items
    ]
    return orjson.dumps({"items": pairs})


def load_items(pairs: Sequence[tuple[str, object]]) -> list[Item]:
    """The items of a worker's answer. Raises ValueError for anything else."""
    return [
        item for kind, value in pairs for item in _ADAPTERS[kind].validate_json(orjson.dumps(value))
    ]
