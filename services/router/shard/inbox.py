"""What has been read for one shard and not been decided on: in order, bounded, without gaps."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

import structlog

from shared.log import Partition, Record

_LOG = structlog.get_logger(__name__)

Rewind = Callable[[Mapping[Partition, int]], None]


class Inbox:
    """Takes records while it is open and has room; what it could not take it has read again."""

    def __init__(self, room: int, rewind: Rewind) -> None:
        self._room = room
        self._rewind = rewind
        self._records: deque[tuple[Record, float]] = deque()
        self._expected: dict[Partition, int] = {}
        self._behind = False

    def __len__(self) -> int:
        return len(self._records)

    def open(self, positions: Mapping[Partition, int]) -> None:
        """Begin at these offsets."""
        self._records.clear()
        self._expected = dict(positions)
        self._behind = False
        self._rewind(positions)

    def close(self) -> None:
        """Take nothing, and forget what is there."""
        self._records.clear()
        self._expected = {}

    def put(self, records: Iterable[Record], at: float) -> None:
        """Records as they are read; `at` is when that was, on the monotonic clock."""
        for record in records:
            expected = self._expected.get(record.partition)
            if expected is None or record.offset < expected or self._behind:
                continue
            if len(self._records) >= self._room:
                self._behind = True
                continue
            if record.offset > expected:
                _LOG.error(
                    "inputs_gone",
                    topic=record.partition.topic,
                    partition=record.partition.number,
                    first=expected,
                    end=record.offset,
                )
            self._expected[record.partition] = record.offset + 1
            self._records.append((record, at))

    def take(self, limit: int) -> list[tuple[Record, float]]:
        """The next records, at most `limit`."""
        taken = [self._records.popleft() for _ in range(min(limit, len(self._records)))]
        if self._behind and len(self._records) <= self._room // 2:
            self._behind = False
            self._rewind(self._expected)
        return taken
