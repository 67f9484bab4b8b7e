"""Snapshots of one shard in topic `routing-snapshots`: written in parts, read back whole.

A snapshot overwrites the last but one, never the last: while it is being written, a complete one is
there. It may be written only when everything it contains has been acknowledged at the offsets that
were expected, which proves that nobody else had owned the shard until then.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from services.router.engine.restore import Restoring, UnknownSnapshot
from services.router.engine.state import State
from services.router.shard.decisions import SOURCE, Line
from shared.clock import from_milliseconds
from shared.errors import Undecodable
from shared.events.envelope import Envelope, encode
from shared.events.routing import Snapshot
from shared.log import Entry, Log, Partition, Record, Sink
from shared.topics import SNAPSHOTS

_LOG = structlog.get_logger(__name__)
_DECODER = SNAPSHOTS.decoder()

PART_CHARACTERS = 300_000
"""Less than half of what an append may weigh: JSON in JSON needs its quotes escaped."""

_LINES_AT_ONCE = 1_000


@dataclass(slots=True)
class Stored:
    """One snapshot as it is found: complete when all its parts are there."""

    first: Snapshot
    slot: int
    parts: dict[int, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Are all its parts there?"""
        return len(self.parts) == self.first.parts


def parts_of(line: Line, position: int, lines: Iterable[str]) -> list[Snapshot]:
    """The lines of a snapshot, packed; `line` and `position` are those of its moment."""
    packed = list(_pack(lines))
    return [
        Snapshot(
            shard=line.shard,
            epoch=line.epoch,
            seq=line.seq,
            position=position,
            inbound=line.inbound,
            commands=line.commands,
            state=state,
            part=number,
            parts=len(packed),
        )
        for number, state in enumerate(packed)
    ]


async def write(sink: Sink, parts: Iterable[Snapshot], slot: int, at: int) -> None:
    """Append all parts. Raises LogUnavailable; what was there before is then still complete."""
    for part in parts:
        envelope = Envelope(
            id=f"{part.shard}.{part.epoch}.{part.seq}.{part.part}",
            source=SOURCE,
            time=from_milliseconds(at),
            data=part,
        )
        key = f"{part.shard}/{slot}/{part.part}".encode()
        await sink.append(Partition(SNAPSHOTS.name, part.shard), Entry(key, encode(envelope)))


async def read_last(log: Log, shard: int) -> Stored | None:
    """The newest complete snapshot; None without any. Raises LogUnavailable."""
    partition = Partition(SNAPSHOTS.name, shard)
    begin, end = (await log.bounds([partition]))[partition]
    found: dict[tuple[int, int], Stored] = {}
    async with log.read({partition: begin}) as source:
        while begin < end:
            for record in await source.poll(limit=4):
                begin = record.offset + 1
                _collect(found, record)
    whole = [stored for stored in found.values() if stored.complete]
    return max(whole, key=lambda stored: stored.first.position, default=None)


async def restored(stored: Stored) -> State | None:
    """The state in it; None if it was written by a version we cannot read."""
    restoring = Restoring()
    try:
        for number in range(stored.first.parts):
            lines = stored.parts.pop(number).split("\n")
            for at in range(0, len(lines), _LINES_AT_ONCE):
                restoring.feed(lines[at : at + _LINES_AT_ONCE])
                await asyncio.sleep(0)
    except UnknownSnapshot as error:
        _LOG.warning("snapshot_unknown", shard=stored.first.shard, reason=str(error))
        return None
    return restoring.finish()


def _collect(found: dict[tuple[int, int], Stored], record: Record) -> None:
    """Keep the part, and forget snapshots that a newer complete one replaces."""
    try:
        part: Snapshot = _DECODER.decode(record.value).data
        slot = int(record.key.split(b"/")[1])
    except (Undecodable, IndexError, ValueError):
        _LOG.warning("snapshot_undecodable", offset=record.offset)
        return
    stored = found.setdefault((part.epoch, part.seq), Stored(part, slot))
    stored.parts[part.part] = part.state
    if stored.complete:
        for key, older in list(found.items()):
            if older.first.position < stored.first.position:
                del found[key]


def _pack(lines: Iterable[str]) -> Iterator[str]:
    packed: list[str] = []
    size = 0
    for line in lines:
        if packed and size + len(line) > PART_CHARACTERS:
            yield "\n".join(packed)
            packed, size = [], 0
        packed.append(line)
        size += len(line) + 1
    yield "\n".join(packed)
