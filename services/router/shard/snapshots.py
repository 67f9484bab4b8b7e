"""Snapshots of one shard in topic `routing-snapshots`: written in parts, read back whole.

A snapshot overwrites the last but one, never the last: while it is being written, a complete one is
there. It may be written only when everything it contains has been acknowledged at the offsets that
were expected, which proves that nobody else had owned the shard until then. Neither who writes nor
who reads ever has all of it in memory.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import structlog

from services.router.engine.restore import Restoring, UnknownSnapshot
from services.router.engine.state import State
from services.router.shard.decisions import SOURCE, Line
from shared.clock import from_milliseconds
from shared.errors import PatchbayError, Undecodable
from shared.events.envelope import enclose
from shared.events.routing import Snapshot
from shared.log import Entry, Log, Partition, Record, Sink
from shared.topics import SNAPSHOTS

_LOG = structlog.get_logger(__name__)
_DECODER = SNAPSHOTS.decoder()

PART_CHARACTERS = 300_000
"""A third of what an append may weigh: a line with all the rules of a workspace has to fit, too."""

_LINES_AT_ONCE = 50
_WAITING_PARTS = 4
_LOOKS = 10


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot that seems to be complete: `first` and `end` are offsets, `head` any part."""

    head: Snapshot
    slot: int
    first: int
    end: int


class Album:
    """One snapshot on its way into the log. `changed` is called when a part has arrived, or not.

    `line` and `position` are those of its moment, `at` is when that was.
    """

    def __init__(
        self,
        sink: Sink,
        line: Line,
        position: int,
        slot: int,
        at: int,
        changed: Callable[[], None],
    ) -> None:
        self._sink = sink
        self._head = {
            "shard": line.shard,
            "epoch": line.epoch,
            "seq": line.seq,
            "position": position,
            "inbound": line.inbound,
            "commands": line.commands,
        }
        self._slot = slot
        self._at = at
        self._changed = changed
        self._lines: list[str] = []
        self._size = 0
        self._parts: deque[_Part] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._begun: int | None = None
        self._closed = False
        self.count = 0
        """How many parts there are so far."""
        self.failure: PatchbayError | None = None

    @property
    def has_room(self) -> bool:
        """Is the log quick enough to take more?"""
        return len(self._parts) < _WAITING_PARTS

    @property
    def done(self) -> bool:
        """Is all of it in the log, or has it failed?"""
        return self.failure is not None or (self._closed and not self._parts)

    def add(self, lines: Iterable[str]) -> None:
        """Some more of it."""
        for line in lines:
            if self._lines and self._size + len(line) > PART_CHARACTERS:
                self._pack(0)
            self._lines.append(line)
            self._size += len(line) + 1

    def close(self) -> None:
        """That was all of it."""
        self._closed = True
        self._pack(self.count + 1)

    async def written(self) -> None:
        """Wait until the parts there are have arrived, or one has not."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    def _pack(self, parts: int) -> None:
        self._parts.append(_Part(self.count, parts, ",".join(self._lines)))
        self._lines, self._size = [], 0
        self.count += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Raises nothing: what was there before is then still complete."""
        try:
            while self._parts:
                offset = await self._append(self._parts[0])
                self._begun = offset if self._begun is None else self._begun
                self._parts.popleft()
                self._changed()
        except PatchbayError as error:
            self.failure = error
            self._changed()

    async def _append(self, part: "_Part") -> int:
        """The lines are JSON already: they only have to be put in their place."""
        numbers = {"part": part.number, "parts": part.parts, "begun": self._begun}
        head = orjson.dumps(self._head | numbers)
        body = head[:-1] + b',"lines":[' + part.lines.encode() + b"]}"
        shard, epoch, seq = self._head["shard"], self._head["epoch"], self._head["seq"]
        identity, time = f"{shard}.{epoch}.{seq}.{part.number}", from_milliseconds(self._at)
        key = f"{shard}/{self._slot}/{part.number}".encode()
        entry = Entry(key, enclose(Snapshot.TYPE, body, identity, SOURCE, time))
        return await self._sink.append(Partition(SNAPSHOTS.name, shard), entry)


class _Part(NamedTuple):
    """`parts` is how many there are, 0 in all but the last; `lines` are separated by commas."""

    number: int
    parts: int
    lines: str


async def stored_snapshots(log: Log, shard: int) -> AsyncGenerator[Stored, None]:
    """What might be restored, the newest first. Raises LogUnavailable.

    Mostly the last record there is belongs to the last snapshot, and says where that begins. Only
    where somebody died while writing one does everything have to be looked through.
    """
    partition = Partition(SNAPSHOTS.name, shard)
    begin, end = (await log.bounds([partition]))[partition]
    last = await _record_at(log, partition, end - 1) if end > begin else None
    stored = None if last is None else _stored_by(last)
    if stored is not None:
        yield stored
    if last is not None:
        for older in await _look_through(log, partition, begin, end):
            if older != stored:
                yield older


async def restored(log: Log, stored: Stored) -> State | None:
    """The state in it; None if parts are missing, or a version wrote it that we cannot read.

    Raises LogUnavailable.
    """
    restoring, expected = Restoring(), 0
    try:
        async with aclosing(_parts(log, stored)) as parts:
            async for part in parts:
                if part.part != expected:
                    return None
                expected += 1
                await _feed(restoring, part.lines)
                if part.parts == expected:
                    return restoring.finish()
    except UnknownSnapshot as error:
        _LOG.warning("snapshot_unknown", shard=stored.head.shard, reason=str(error))
    return None


async def _feed(restoring: Restoring, lines: Sequence[list[Any]]) -> None:
    for at in range(0, len(lines), _LINES_AT_ONCE):
        restoring.take(lines[at : at + _LINES_AT_ONCE])
        await asyncio.sleep(0)


async def _parts(log: Log, stored: Stored) -> AsyncGenerator[Snapshot, None]:
    """The parts of one snapshot, in the order they were written."""
    of_it, offset = (stored.head.epoch, stored.head.seq), stored.first
    async with log.read({Partition(SNAPSHOTS.name, stored.head.shard): offset}) as source:
        while offset < stored.end:
            for record in await source.poll(limit=2):
                offset = record.offset + 1
                part = _decoded(record)
                if part is not None and (part.epoch, part.seq) == of_it:
                    yield part
                if offset >= stored.end:
                    return


async def _record_at(log: Log, partition: Partition, offset: int) -> Record | None:
    """The record there; None if there is none."""
    async with log.read({partition: offset}) as source:
        for _ in range(_LOOKS):
            for record in await source.poll(limit=1):
                return record if record.offset == offset else None
    return None


def _stored_by(record: Record) -> Stored | None:
    """The snapshot whose last part this is; None if it is not one."""
    part = _decoded(record)
    if part is None or not part.parts:
        return None
    first = record.offset if part.begun is None else part.begun
    return Stored(_head(part), _slot(record), first, record.offset + 1)


async def _look_through(log: Log, partition: Partition, begin: int, end: int) -> list[Stored]:
    """All complete snapshots, the newest first."""
    seen: dict[tuple[int, int], set[int]] = {}
    found: list[Stored] = []
    async with log.read({partition: begin}) as source:
        while begin < end:
            for record in await source.poll(limit=4):
                begin = record.offset + 1
                part = _decoded(record)
                if part is None:
                    continue
                numbers = seen.setdefault((part.epoch, part.seq), set())
                numbers.add(part.part)
                stored = _stored_by(record)
                if stored is not None and len(numbers) == part.parts:
                    found.append(stored)
    return sorted(found, key=lambda stored: stored.head.position, reverse=True)


def _decoded(record: Record) -> Snapshot | None:
    try:
        part: Snapshot = _DECODER.decode(record.value).data
        _slot(record)
    except (Undecodable, IndexError, ValueError):
        _LOG.warning("snapshot_undecodable", offset=record.offset)
        return None
    return part


def _head(part: Snapshot) -> Snapshot:
    """What all parts of a snapshot have in common."""
    return part.model_copy(update={"lines": [], "part": 0, "parts": 0, "begun": None})


def _slot(record: Record) -> int:
    return int(record.key.split(b"/")[1])
