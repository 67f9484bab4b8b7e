"""Reading exactly named partitions. `member.py` adds what a consumer group needs."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.errors import LogUnavailable
from shared.log import Partition, Record
from shared.sqlite.schema import first_id

# A poll copies rows in the event loop (in a thread every row would wait for the interpreter lock),
# so it must not copy for long.
_POLL_BYTES = 4_000_000


class Shelf(Protocol):
    """What a source sees of the log it reads."""

    heads: dict[Partition, int]
    ids: dict[Partition, int]
    reading: sqlite3.Connection


class Reader:
    """Reads exactly the partitions in `positions`, each from its offset on."""

    def __init__(self, shelf: Shelf, positions: Mapping[Partition, int]) -> None:
        self._shelf = shelf
        self._positions = {partition: max(at, 0) for partition, at in positions.items()}
        self._news = asyncio.Event()
        self._interrupted = False

    @property
    def assignment(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        await asyncio.sleep(0)  # a reader that lags must not starve the rest of the process
        self._interrupted = False
        records: list[Record] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not (records := self._take(limit)) and not self._interrupted:
                    self._news.clear()
                    await self._news.wait()
        return records

    def seek(self, positions: Mapping[Partition, int]) -> None:
        for partition, position in positions.items():
            if partition in self._positions:
                self._positions[partition] = max(position, 0)
        self._news.set()

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        raise ValueError("a reader outside a group has nothing to commit")

    def told(self, moved: Mapping[Partition, int]) -> None:
        """Partitions have grown: wake up if we read one of them."""
        if not self._positions.keys().isdisjoint(moved):
            self._news.set()

    def _interrupt(self) -> None:
        """Let the poll that waits return, although there is nothing to read."""
        self._interrupted = True
        self._news.set()

    def _take(self, limit: int) -> list[Record]:
        """What can be read at once, up to `limit`; every partition gets its turn at being first."""
        records: list[Record] = []
        room = _POLL_BYTES
        for partition, position in list(self._positions.items()):
            head = self._shelf.heads.get(partition, 0)
            if position >= head or room <= 0 or len(records) >= limit:
                continue
            found = self._read(partition, range(position, head), limit - len(records), room)
            room -= sum(len(record.value) for record in found)
            records.extend(found)
            del self._positions[partition]
            self._positions[partition] = found[-1].offset + 1 if found else head
        return records

    def _read(self, partition: Partition, offsets: range, limit: int, room: int) -> list[Record]:
        """Records of one partition: one if there is any, and more while they fit into `room`."""
        start = first_id(self._shelf.ids[partition])
        query = (
            "SELECT id, key, value, timestamp FROM records"
            " WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        )
        records: list[Record] = []
        try:
            rows = self._shelf.reading.execute(
                query, (start + offsets.start, start + offsets.stop, limit)
            )
            with contextlib.closing(rows):
                for identity, key, value, timestamp in rows:
                    records.append(Record(partition, identity - start, key, value, timestamp))
                    room -= len(value)
                    if room <= 0:
                        break
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error
        return records
