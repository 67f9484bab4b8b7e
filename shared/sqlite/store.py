"""The tables as the one committing thread sees them."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from shared.log import Entry, Partition
from shared.sqlite.schema import OFFSET_BITS, first_id

T = TypeVar("T")

Batch = tuple[Partition, Sequence[Entry]]

# One statement for a whole group of appends: it is its own transaction, and the thread gives up
# the interpreter lock once instead of once per row. (Beside a busy event loop, 139 rows/s became
# 8,800 rows/s.) The bytes come as one blob, and the layout says where each row's parts are in it.
_INSERT = """
INSERT INTO records (id, timestamp, key, value)
SELECT json_extract(value, '$[0]'), ?1,
       substr(?2, json_extract(value, '$[1]'), json_extract(value, '$[2]')),
       substr(?2, json_extract(value, '$[3]'), json_extract(value, '$[4]'))
FROM json_each(?3)
"""

# Every statement of this thread is written to return one row, for the same reason.
_HEADS = f"""
SELECT json_group_array(json_array(id, topic, number, first,
       (SELECT max(id) FROM records
        WHERE id >= partitions.id << {OFFSET_BITS} AND id < (partitions.id + 1) << {OFFSET_BITS})))
FROM partitions
"""  # noqa: S608 - a constant of ours, not input


class Store:
    """Appends to the records table and knows each partition's head. Owned by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.ids: dict[Partition, int] = {}
        self.names: dict[int, Partition] = {}
        self.firsts: dict[Partition, int] = {}
        self.heads: dict[Partition, int] = {}
        self._seen_version = -1
        self.refresh()

    def changed_elsewhere(self) -> bool:
        """Has another connection committed since we last looked?"""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        changed = version != self._seen_version
        self._seen_version = version
        return bool(changed)

    def refresh(self) -> None:
        """Read which partitions exist, where each one begins and where it ends."""
        for identity, topic, number, first, last in self.row(_HEADS):
            partition = Partition(topic, number)
            self.ids[partition] = identity
            self.names[identity] = partition
            self.firsts[partition] = first
            written = 0 if last is None else last - first_id(identity) + 1
            self.heads[partition] = max(first, written)

    def row(self, query: str, *arguments: object) -> Any:
        """What a query returns as one JSON value."""
        (value,) = self.connection.execute(query, arguments).fetchone()
        return json.loads(value)

    def append(self, batches: Sequence[Batch], timestamp: int) -> list[int]:
        """Append all batches in one transaction; the offset of each one's first record."""
        try:
            return self._insert(batches, timestamp)
        except sqlite3.IntegrityError:
            # Another process has appended to one of these partitions since we last looked.
            return self.in_transaction(lambda: self._insert_behind(batches, timestamp))

    def in_transaction(self, work: Callable[[], T]) -> T:
        """Run `work` with the write lock held, commit, and pass its result on."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        return result

    def _insert_behind(self, batches: Sequence[Batch], timestamp: int) -> list[int]:
        self.refresh()
        return self._insert(batches, timestamp)

    def _insert(self, batches: Sequence[Batch], timestamp: int) -> list[int]:
        offsets, heads, rows = self._place(batches)
        entries = [entry for _, batch in batches for entry in batch]
        layout, blob = _pack(rows, entries)
        self.connection.execute(_INSERT, (timestamp, blob, layout))
        self.heads.update(heads)
        return offsets

    def _place(
        self, batches: Sequence[Batch]
    ) -> tuple[list[int], Mapping[Partition, int], list[int]]:
        """First offset per batch, the heads afterwards, and the rowid of every entry."""
        heads: dict[Partition, int] = {}
        offsets: list[int] = []
        rows: list[int] = []
        for partition, entries in batches:
            offset = heads.get(partition, self.heads[partition])
            start = first_id(self.ids[partition]) + offset
            rows.extend(range(start, start + len(entries)))
            heads[partition] = offset + len(entries)
            offsets.append(offset)
        return offsets, heads, rows


def _pack(rows: Sequence[int], entries: Sequence[Entry]) -> tuple[str, bytes]:
    """The layout (rowid, where the key is, where the value is; from 1) and all bytes in a row."""
    parts = [part for entry in entries for part in (entry.key, entry.value)]
    sizes = [len(part) for part in parts]
    starts = list(accumulate(sizes, initial=1))
    layout = [
        (row, starts[2 * i], sizes[2 * i], starts[2 * i + 1], sizes[2 * i + 1])
        for i, row in enumerate(rows)
    ]
    return json.dumps(layout), b"".join(parts)
