"""Fold cases without a log and without Redis."""

from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from services.router.view.digest import Memory
from services.router.view.routing import ROUTING_FOLD
from services.router.view.sheet import Fold, Placed, Sheet
from shared.events.routing import Decision, RoutingEvent
from shared.views.documents import entry_of
from shared.views.keys import Keys

SHOP = "shop"
KEEP_MS = 1_000_000
EVENTS: TypeAdapter[list[Any]] = TypeAdapter(list[RoutingEvent])
CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def fold(memory: Memory, how: Fold[Any], batch: list[Placed[Any]], keep_ms: int = KEEP_MS) -> None:
    """One batch, as the worker folds it."""
    sheet = Sheet(SHOP, keep_ms)
    for need in how.needs:
        sheet.load(memory.load(sheet.missing(need(sheet, batch))))
    for placed in batch:
        how.apply(sheet, placed)
    memory.apply(sheet.writes())


def decided(decisions: list[list[Any]], batch: int) -> Memory:
    """The view after these decisions, `batch` at a time."""
    memory = Memory()
    placed = [
        Placed(
            Decision(
                epoch=1,
                seq=offset + 1,
                at=0,
                workspace=SHOP,
                cause="c",
                inbound=0,
                commands=0,
                events=tuple(EVENTS.validate_python(events)),
            ),
            offset,
            0,
        )
        for offset, events in enumerate(decisions)
    ]
    for at in range(0, len(placed), batch):
        fold(memory, ROUTING_FOLD, placed[at : at + batch])
    return memory


def shown(memory: Memory) -> dict[str, Any]:
    """What a case may expect: documents by key, sets in order, timelines by their events. An empty
    set is not there."""
    prefix = Keys(SHOP).prefix
    found: dict[str, Any] = {
        key.removeprefix(prefix): orjson.loads(text) for key, text in memory.documents.items()
    }
    for key, members in memory.sets.items():
        name = key.removeprefix(prefix)
        ordered = sorted(members, key=lambda member: (members[member], member))
        if not ordered:
            continue
        found[name] = ordered
        if name.startswith("timeline:"):
            entries = [entry_of(member).model_dump(exclude_none=True) for member in ordered]
            found[name] = [entry.get("event", entry["type"]) for entry in entries]
    return found


def part(expected: Any, found: Any) -> Any:
    """As much of what was found as is expected: null means that there is nothing."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: part(value, found.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [part(one, other) for one, other in zip(expected, found, strict=True)]
    return found
