"""A local, fsynced waiting room for records whose provider will not send them again.

It is an embedded log of its own: one file, one partition, replayed in order when the real log
answers again. A record is appended twice when the process dies between replay and commit; its id
makes the second one harmless.
"""

import asyncio
import base64
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

import orjson
import structlog

from services.ingest import metrics
from services.ingest.records import Draft
from shared.clock import Clock
from shared.errors import LogUnavailable, RecordTooLarge
from shared.log import Entry, Partition, Record, Sink, Source
from shared.sqlite import SqliteLog

log = structlog.get_logger()

_PLACE = Partition("spool", 0)
_GROUP = "replay"


class Spool:
    """Use as a context manager. Raises OSError at start when the folder is not writable."""

    def __init__(self, folder: Path, sink: Sink, clock: Clock) -> None:
        self._file = SqliteLog(folder / "spool.db", clock=clock)
        self._sink = sink
        self._clock = clock
        self._stack = AsyncExitStack()
        self._own: Sink
        self._source: Source
        self._waiting = 0
        self._replaying = True  # what an earlier process left comes first

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._file)
        await self._file.create_topics({_PLACE.topic: 1})
        self._own = await self._stack.enter_async_context(self._file.sink())
        self._source = await self._stack.enter_async_context(
            self._file.subscribe(_GROUP, [_PLACE.topic])
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def busy(self) -> bool:
        """Something waits here, so that what comes now must wait behind it."""
        return self._replaying or self._waiting > 0

    async def put(self, drafts: Sequence[Draft]) -> None:
        """Keep the drafts; they are on disk when this returns."""
        await self._own.append_batch(_PLACE, [Entry(b"", _pack(draft)) for draft in drafts])
        self._waiting += len(drafts)
        metrics.SPOOLED.set(self._waiting)

    async def replay(self, stop: asyncio.Event, pause: float = 0.2) -> None:
        """Move spooled records into the log, in order, for as long as the service runs."""
        while not stop.is_set():
            records = await self._source.poll(limit=100, wait=pause)
            self._replaying = bool(records)
            for record in records:
                await self._move(record, stop, pause)

    async def _move(self, record: Record, stop: asyncio.Event, pause: float) -> None:
        partition, entry = _unpack(record.value)
        while not stop.is_set():
            with suppress(LogUnavailable):
                try:
                    await self._sink.append(partition, entry)
                except RecordTooLarge:
                    log.exception("spooled_record_too_large", topic=partition.topic)
                await self._source.commit({_PLACE: record.offset + 1})
                self._waiting = max(0, self._waiting - 1)
                metrics.SPOOLED.set(self._waiting)
                return
            await self._clock.sleep(pause)


def _pack(draft: Draft) -> bytes:
    return orjson.dumps(
        {
            "topic": draft.partition.topic,
            "partition": draft.partition.number,
            "key": draft.entry.key.decode(),
            "value": base64.b64encode(draft.entry.value).decode(),
        }
    )


def _unpack(value: bytes) -> tuple[Partition, Entry]:
    data = orjson.loads(value)
    entry = Entry(data["key"].encode(), base64.b64decode(data["value"]))
    return Partition(data["topic"], data["partition"]), entry
