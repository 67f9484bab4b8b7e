"""Have we seen this id before? For at least eight days, and after Redis has lost everything.

The truth is the log: every published record carries its id. Redis holds an index of it. A marker in
Redis says from which offsets on the index may lack ids; when the marker is gone, Redis is new or
was flushed, and the index is rebuilt from the log before any answer is given.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import orjson
import structlog
from redis.asyncio import Redis

from services.ingest import metrics
from services.ingest.together import Together
from shared.cache import asked
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable, LogUnavailable
from shared.log import Log, Partition

log = structlog.get_logger()

MARKER = "pb:seen:from"
_INDEXED = ("inbound", "deliveries", "commerce")


def _key(event_id: str) -> str:
    return f"pb:seen:{event_id}"


class Seen:
    """The index of ids. `claim` and `publish` of one id never overlap within this process."""

    def __init__(
        self, redis: "Redis", source: Log, shards: int, clock: Clock, remember_days: float
    ) -> None:
        self._redis = redis
        self._log = source
        self._shards = shards
        self._clock = clock
        self._ttl = timedelta(days=remember_days)
        self._complete = False
        self._rebuilding = asyncio.Lock()
        self._known = Together(self._look_up)
        self._remembered = Together(self._remember)
        self._script = redis.register_script(Path(__file__).with_name("remember.lua").read_text())

    async def among(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that were published before.

        While Redis is away nothing is known to be seen: better twice than never; the engine drops
        what is repeated within a conversation. Raises LogUnavailable when the index must be rebuilt
        and the log does not answer.
        """
        known = await self._known(ids) if ids else frozenset()
        return known.intersection(ids)

    async def mark(self, ids: Sequence[str]) -> None:
        """Remember ids that are in the log now."""
        await self._remembered(ids)

    async def _look_up(self, ids: Sequence[str]) -> frozenset[str]:
        try:
            if not self._complete:
                await self._rebuild()
            marker, *found = await asked(self._redis.mget(MARKER, *(_key(i) for i in ids)))
            if marker is None:
                self._complete = False
                await self._rebuild()
                _, *found = await asked(self._redis.mget(MARKER, *(_key(i) for i in ids)))
        except CacheUnavailable:
            self._forget("duplicates_unknown")
            return frozenset()
        return frozenset(i for i, seen in zip(ids, found, strict=True) if seen is not None)

    async def _remember(self, ids: Sequence[str]) -> None:
        if not self._complete:
            return  # the rebuild will find them in the log
        try:
            await self._store(ids)
        except CacheUnavailable:
            self._forget("duplicates_unmarked")

    def doubt(self) -> None:
        """An append's outcome is unknown: look into the log before the next answer."""
        self._forget("duplicates_in_doubt")

    def _forget(self, event: str) -> None:
        if self._complete:
            log.warning(event, consequence="the index is rebuilt when Redis answers again")
        self._complete = False
        metrics.KNOWN.set(0)

    async def _store(self, ids: Sequence[str]) -> None:
        seconds = round(self._ttl.total_seconds())
        await asked(self._script(keys=[_key(i) for i in ids], args=[seconds]))

    async def _rebuild(self) -> None:
        async with self._rebuilding:
            if self._complete:
                return
            marker = await asked(self._redis.get(MARKER))
            partitions = [Partition(t, n) for t in _INDEXED for n in range(self._shards)]
            bounds = await self._log.bounds(partitions)
            starts = _starts(marker, bounds)
            count = await self._index(starts, {p: end for p, (_, end) in bounds.items()})
            ends = {f"{p.topic}/{p.number}": end for p, (_, end) in bounds.items()}
            await asked(self._redis.set(MARKER, orjson.dumps(ends).decode()))
            self._complete = True
            metrics.KNOWN.set(1)
            log.info("duplicate_index_complete", ids=count)

    async def _index(self, starts: Mapping[Partition, int], ends: Mapping[Partition, int]) -> int:
        """Put the ids of all records between `starts` and `ends` into Redis."""
        open_ = {p: start for p, start in starts.items() if start < ends[p]}
        oldest = milliseconds(self._clock.now() - self._ttl)
        count = 0
        if not open_:
            return count
        async with self._log.read(open_) as source:
            while open_:
                records = await source.poll(limit=1000)
                fresh = [r.value for r in records if r.timestamp >= oldest]
                await self._store([i for value in fresh for i in _id_of(value)])
                count += len(fresh)
                for record in records:
                    if record.offset + 1 >= ends[record.partition]:
                        open_.pop(record.partition, None)
        return count

    async def keep_fresh(self, stop: asyncio.Event, every: float = 5.0) -> None:
        """Rebuild in the background as soon as it is needed and possible."""
        while not stop.is_set():
            if not self._complete:
                with suppress(CacheUnavailable, LogUnavailable):
                    await self._rebuild()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)


def _starts(
    marker: str | None, bounds: Mapping[Partition, tuple[int, int]]
) -> dict[Partition, int]:
    known = orjson.loads(marker) if marker else {}
    return {
        p: max(first, int(known.get(f"{p.topic}/{p.number}", 0)))
        for p, (first, _) in bounds.items()
    }


def _id_of(value: bytes) -> tuple[str, ...]:
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return (str(orjson.loads(value)["id"]),)
    return ()
