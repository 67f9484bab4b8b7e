"""Fold what the log holds into Redis: one member of the group `router-view`.

Where to go on is told by the stamps in Redis, not by the group: they were written with what they
stand for. So a view that was lost, wholly or in part, is read again from where it ends.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from services.router.metrics import VIEW_AGE, VIEW_REBUILDS, VIEW_RECORDS, VIEW_WAITS
from services.router.view.batch import FOLDS, SOURCES, by_partition, read
from services.router.view.meters import Meters
from services.router.view.progress import Known, earliest
from services.router.view.sheet import Measured, Placed, Sheet
from services.router.view.store import Applied, Moved, Store
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable, LogUnavailable, OwnershipLost
from shared.log import Log, Partition, Record, Source
from shared.record import Fence, Standing, standing_at
from shared.topics import ROUTING
from shared.views.stamps import Stamp
from shared.watchdog import Progress

_LOG = structlog.get_logger(__name__)
GROUP = "router-view"
_CHUNK = 100
"""Records per script: it blocks Redis while it runs."""
_PAUSE_SECONDS = 0.5


class _Again(Exception):
    """The view is not where we thought: this partition must be read again."""


class Worker:
    """Reads its share of the log until told to stop.

    `keep_ms` is how long finished conversations and messages stay visible. `healthy_at` is the
    clock's monotonic time when log and Redis last had everything. What was measured in a batch of
    which Redis did not say whether it was applied is counted when it turns out that it was: what
    was measured first, since a batch that is folded again after it was applied gives other facts.
    """

    def __init__(
        self,
        log: Log,
        store: Store,
        clock: Clock,
        workspaces: Sequence[str],
        keep_ms: int,
        progress: Progress | None = None,
        checkpoint_seconds: float = 1.0,
    ) -> None:
        self._log = log
        self._store = store
        self._clock = clock
        self._keep_ms = keep_ms
        self._progress = progress or Progress(clock)
        self._checkpoint_seconds = checkpoint_seconds
        self._names = set(workspaces)
        self._known: dict[str, Known] = {}
        self._joined: set[Partition] = set()
        self._next: dict[Partition, int] = {}
        self._fences: dict[Partition, Fence] = {}
        self._rewound: set[Partition] = set()
        self._committed: dict[Partition, int] = {}
        self._ends: Mapping[Partition, tuple[int, int]] = {}
        self._meters = Meters()
        self._doubted: dict[tuple[str, Partition], dict[int, Measured]] = {}
        self._checked_at = self.healthy_at = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        """Fold until `stop` is set. Nothing is lost however it ends."""
        topics = [topic.name for topic in SOURCES]
        async with self._log.subscribe(GROUP, topics) as source:
            while not stop.is_set():
                try:
                    await self._round(source)
                except (CacheUnavailable, LogUnavailable) as error:
                    self._progress.worked()
                    _LOG.warning("view_waits", reason=error.code)
                    VIEW_WAITS.labels(error.code).inc()
                    source.seek({p: at for p, at in self._next.items() if p in source.assignment})
                    await self._clock.sleep(_PAUSE_SECONDS)
            await self._leave(source)

    async def _round(self, source: Source) -> None:
        self._rewound.clear()
        batches = by_partition(await source.poll(limit=500, wait=0.1))
        self._progress.polled(source.assignment)
        for partition, records in batches.items():
            self._next.setdefault(partition, records[0].offset)
            self._progress.received(partition, records[-1].offset)
        await self._share(source)
        for partition, records in batches.items():
            if partition not in self._rewound:
                await self._take(source, partition, records)
        if self._clock.monotonic() - self._checked_at >= self._checkpoint_seconds:
            await self._checkpoint(source)

    async def _leave(self, source: Source) -> None:
        """Tell the next one how far we are; it finds out by itself when we cannot."""
        try:
            await self._checkpoint(source)
        except (CacheUnavailable, LogUnavailable) as error:
            _LOG.warning("view_left_without_checkpoint", reason=error.code)

    async def _share(self, source: Source) -> None:
        """Follow the group's assignment."""
        left = self._joined - source.assignment
        self._progress.released(left)
        for partition in left:
            self._joined.discard(partition)
            self._fences.pop(partition, None)
            self._next.pop(partition, None)
            self._committed.pop(partition, None)
            for known in self._known.values():
                known.leave(partition)
        gained = source.assignment - self._joined
        if not gained:
            return
        self._ends = await self._log.bounds(sorted(gained))
        self._names |= await self._store.known()
        for workspace in list(self._names):
            await self._attach(source, workspace)
        for partition in gained:
            self._begin(source, partition)
        self._joined |= gained

    def _begin(self, source: Source, partition: Partition) -> None:
        reached = self._next.get(partition, self._ends[partition][1])
        joined = [known.join(partition, reached) for known in self._known.values()]
        start = earliest(joined) or Stamp(0)
        if start.offset == self._next.get(partition):
            self._fences[partition] = Fence(start.standing)
        else:
            self._next[partition] = start.offset
            self._rewind(source, partition, start)

    async def _attach(self, source: Source, workspace: str) -> Known:
        """Find or begin a workspace's view; one built anew is read again as far as needed."""
        stamps = await self._store.adopt(workspace, self._names)
        known = self._known.get(workspace)
        if known is not None and known.generation == stamps.generation:
            known.stored = stamps.applied
            return known
        fresh = Known.of(stamps)
        for partition in self._joined:
            before = 0 if known is None else known.reached(partition)
            start = fresh.join(partition, max(self._next[partition], before))
            if start is not None and start.offset < self._next[partition]:
                self._rewind(source, partition, start)
        self._known[workspace] = fresh
        self._names.add(workspace)
        if stamps.origin == "lost":
            VIEW_REBUILDS.inc()
        _LOG.info("view_begins", workspace=workspace, origin=stamps.origin)
        return fresh

    def _rewind(self, source: Source, partition: Partition, to: Stamp) -> None:
        """Read on from an earlier place, unless from an even earlier one already."""
        if to.offset <= self._next.get(partition, to.offset):
            self._next[partition] = to.offset
            self._fences[partition] = Fence(to.standing)
        self._rewound.add(partition)
        source.seek({partition: self._next[partition]})

    async def _take(self, source: Source, partition: Partition, records: Sequence[Record]) -> None:
        """Fold one partition's records, workspace by workspace."""
        begin = Stamp(records[0].offset, self._standing(partition, records[0].offset))
        fence = Fence(begin.standing)
        try:
            for workspace, batch in (await self._sort(source, partition, records, fence)).items():
                for at in range(0, len(batch), _CHUNK):
                    await self._fold(source, workspace, partition, batch[at : at + _CHUNK])
        except _Again:
            self._rewind(source, partition, begin)
        else:
            self._fences[partition] = fence
            self._next[partition] = records[-1].offset + 1

    def _standing(self, partition: Partition, offset: int) -> Standing:
        """By what rule the record at this offset is judged; those before it may be deleted."""
        if offset != self._next[partition]:
            return standing_at(offset)
        return self._fences[partition].standing

    async def _sort(
        self, source: Source, partition: Partition, records: Sequence[Record], fence: Fence
    ) -> dict[str, list[Placed[Any]]]:
        """Per workspace what counts and is new to its view. Raises _Again."""
        batches: dict[str, list[Placed[Any]]] = {}
        for item in read(records, fence):
            known = self._known.get(item.workspace)
            if known is None:
                known = await self._attach(source, item.workspace)
                if partition in self._rewound:
                    raise _Again
            if known.wants(partition, item.placed.offset):
                batches.setdefault(item.workspace, []).append(item.placed)
            else:
                VIEW_RECORDS.labels(partition.topic, "seen").inc()
        return batches

    async def _fold(
        self, source: Source, workspace: str, partition: Partition, batch: list[Placed[Any]]
    ) -> None:
        known = self._known[workspace]
        fold, sheet = FOLDS[partition.topic], Sheet(workspace, self._keep_ms)
        for need in fold.needs:
            sheet.load(await self._store.load(sheet.missing(need(sheet, batch))))
        for placed in batch:
            fold.apply(sheet, placed)
        following = Stamp(batch[-1].offset + 1, batch[-1].standing)
        try:
            applied = await self._store.apply(
                workspace,
                known.generation,
                partition,
                known.applied[partition],
                following,
                sheet.writes(),
            )
        except CacheUnavailable:
            doubted = self._doubted.setdefault((workspace, partition), {})
            doubted.setdefault(following.offset, sheet.facts)
            raise
        doubted = self._doubted.pop((workspace, partition), {})
        match applied:
            case Applied():
                known.applied[partition] = following
                self._measure(partition, batch)
                self._meters.count(sheet.facts, known.measured[partition])
            case Moved(stamp=stamp):
                reached = 0 if stamp is None else stamp.offset
                self._meters.count(doubted.get(reached, []), known.measured[partition])
                known.applied[partition] = stamp
                if stamp is not None:
                    self._rewind(source, partition, stamp)
                raise _Again
            case _:
                await self._attach(source, workspace)
                raise _Again

    def _measure(self, partition: Partition, batch: list[Placed[Any]]) -> None:
        VIEW_RECORDS.labels(partition.topic, "applied").inc(len(batch))
        if partition.topic == ROUTING.name:
            VIEW_AGE.observe(max(0.0, milliseconds(self._clock.now()) - batch[-1].at) / 1000)

    async def _checkpoint(self, source: Source) -> None:
        """Say in Redis, then in the group, that everything up to here is applied."""
        done = {p: Stamp(self._next[p], self._fences[p].standing) for p in self._joined}
        for workspace, known in list(self._known.items()):
            moves = known.moves(done)
            if await self._store.checkpoint(workspace, known.generation, moves):
                known.moved(moves)
            else:
                await self._attach(source, workspace)
        positions = {p: self._next[p] for p in self._joined}
        try:
            if positions != self._committed:
                await source.commit(positions)
                self._committed = positions
        except OwnershipLost:
            _LOG.info("view_partitions_moved")
        self._checked_at = self.healthy_at = self._clock.monotonic()
