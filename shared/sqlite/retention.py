"""Keeping the file small: records grow old, and newer ones of a key replace older ones."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import structlog

from shared.clock import Clock, SystemClock, milliseconds
from shared.errors import LogUnavailable
from shared.log import Partition, Retention
from shared.sqlite.committer import Committer
from shared.sqlite.schema import OFFSET_BITS, first_id
from shared.sqlite.store import Store

log = structlog.get_logger()

# Seconds between two rounds, and how many records one transaction removes at most: appends that
# come meanwhile wait for it.
_INTERVAL = 60.0
_PORTION = 1000

# The first records of a partition that are old, as long as none between them is younger.
_OLD = """
WITH portion AS (
    SELECT id, timestamp FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?4)
SELECT json_array(count(*), max(id)) FROM portion
WHERE id < coalesce((SELECT min(id) FROM portion WHERE timestamp >= ?3), ?2)
"""
_DUE = f"""
SELECT json_group_array(id) FROM partitions WHERE topic = ?1 AND ?2 > (
    SELECT timestamp FROM records
    WHERE id >= partitions.id << {OFFSET_BITS} AND id < (partitions.id + 1) << {OFFSET_BITS}
    ORDER BY id LIMIT 1)
"""  # noqa: S608 - a constant of ours, not input


class Janitor:
    """Removes what needs no longer be kept, in the background, a portion at a time."""

    def __init__(
        self, committer: Committer, clock: Clock, retention: Mapping[str, Retention]
    ) -> None:
        self._committer = committer
        self._clock = clock
        self._retention = retention
        self._pause = SystemClock()  # a clock moved by hand must not make this spin
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, when there is anything to do at all."""
        if self._retention:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop between two portions."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> int:
        """Remove everything that may go now; returns how many records that were."""
        removed = 0
        for topic, retention in self._retention.items():
            for partition in await self._committer.change(self._due(topic, retention)):
                portion = _PORTION
                while portion >= _PORTION:
                    portion = await self._committer.change(self._portion(partition, retention))
                    removed += portion
        return removed

    def _due(self, topic: str, retention: Retention) -> Callable[[Store], Sequence[Partition]]:
        if retention.compacted:
            return partial(_partitions, topic=topic)
        return partial(_begin_before, topic=topic, before=self._limit(retention))

    def _portion(self, partition: Partition, retention: Retention) -> Callable[[Store], int]:
        if retention.compacted:
            return partial(compact, partition=partition)
        return partial(prune, partition=partition, before=self._limit(retention))

    def _limit(self, retention: Retention) -> int:
        """What is older may go: a Unix time in milliseconds."""
        if retention.milliseconds is None:
            return 0
        return milliseconds(self._clock.now()) - retention.milliseconds

    async def _run(self) -> None:
        while True:
            try:
                if removed := await self.sweep():
                    log.info("log_pruned", removed=removed)
            except LogUnavailable as error:
                log.warning("log_prune_failed", reason=str(error))
            await self._pause.sleep(_INTERVAL)


def prune(store: Store, partition: Partition, before: int) -> int:
    """Remove up to a portion of records at the beginning that are older than `before`."""
    start = first_id(store.ids[partition])
    old, last = store.row(_OLD, start, start + (1 << OFFSET_BITS), before, _PORTION)
    if old:
        store.connection.execute("DELETE FROM records WHERE id BETWEEN ? AND ?", (start, last))
        store.connection.execute(
            "UPDATE partitions SET first = ? WHERE id = ?",
            (last - start + 1, store.ids[partition]),
        )
    return int(old)


def compact(store: Store, partition: Partition) -> int:
    """Remove up to a portion of records that a later record with the same key replaces."""
    identity = store.ids[partition]
    deleted = store.connection.execute(
        "DELETE FROM records WHERE id IN (SELECT id FROM ("
        " SELECT id, row_number() OVER (PARTITION BY key ORDER BY id DESC) AS age"
        " FROM records WHERE id >= ? AND id < ?) WHERE age > 1 LIMIT ?)",
        (first_id(identity), first_id(identity + 1), _PORTION),
    )
    return deleted.rowcount


def _partitions(store: Store, *, topic: str) -> list[Partition]:
    return sorted(partition for partition in store.ids if partition.topic == topic)


def _begin_before(store: Store, *, topic: str, before: int) -> list[Partition]:
    """The topic's partitions whose first record is older than that."""
    return [store.names[identity] for identity in store.row(_DUE, topic, before)]
