"""Keeping the file small: records grow old, and newer ones of a key replace older ones."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import structlog

from shared.clock import Clock, SystemClock, milliseconds
from shared.errors import LogUnavailable
from shared.log import Partition, Retention
from shared.sqlite.committer import Committer
from shared.sqlite.schema import first_id
from shared.sqlite.store import Store

log = structlog.get_logger()

# Seconds between two rounds, and how many records one transaction removes at most: appends that
# come meanwhile wait for it.
_INTERVAL = 60.0
_PORTION = 1000


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
            numbers = await self._committer.change(partial(_partitions, topic=topic))
            for partition in numbers:
                removed += await self._sweep(partition, retention)
        return removed

    async def _sweep(self, partition: Partition, retention: Retention) -> int:
        removed = 0
        more = True
        while more:
            portion = await self._committer.change(partial(self._portion, partition, retention))
            removed += portion
            more = portion >= _PORTION
        return removed

    def _portion(self, partition: Partition, retention: Retention, store: Store) -> int:
        if retention.compacted:
            return compact(store, partition)
        if retention.milliseconds is None:
            return 0
        return prune(store, partition, milliseconds(self._clock.now()) - retention.milliseconds)

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
    identity = store.ids[partition]
    rows = store.connection.execute(
        "SELECT id, timestamp FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (first_id(identity), first_id(identity + 1), _PORTION),
    ).fetchall()
    old = 0
    while old < len(rows) and rows[old][1] < before:
        old += 1
    if old:
        last = rows[old - 1][0]
        store.connection.execute(
            "DELETE FROM records WHERE id >= ? AND id <= ?", (first_id(identity), last)
        )
        store.connection.execute(
            "UPDATE partitions SET first = ? WHERE id = ?",
            (last - first_id(identity) + 1, identity),
        )
    return old


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
