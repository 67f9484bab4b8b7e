"""The log: one of the three seams. `shared.kafka` and `shared.sqlite` implement it.

Both are held to the same contract suite, `tests/contract/test_log.py`. A partition is a totally
ordered sequence of records; an offset is a record's place in it, contiguous from 0 for every
partition that is written without Kafka transactions (ours all are).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Entry(NamedTuple):
    """What is appended. The key orders and routes; the value is an envelope."""

    key: bytes
    value: bytes


class Record(NamedTuple):
    """What is read back. `timestamp` is the append time in Unix milliseconds."""

    partition: Partition
    offset: int
    key: bytes
    value: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a topic keeps a record. The default is for ever."""

    milliseconds: int | None = None
    compacted: bool = False
    """Keep the latest record of every key, whatever its age, and drop the ones before it."""


MAX_APPEND_BYTES = 1_000_000
"""What one append may weigh; below the 1 MiB that a Kafka broker takes by default."""

_FRAMING_BYTES = 64
"""More than either log adds to an entry (Kafka's record v2: at most 21 bytes and its varints)."""


def weight(entries: Sequence[Entry]) -> int:
    """The bytes that a batch counts against `MAX_APPEND_BYTES`, the same for both logs."""
    return sum(len(entry.key) + len(entry.value) + _FRAMING_BYTES for entry in entries)


class Sink(Protocol):
    """Appends. A call that returns has been acknowledged (acks=all, or fsynced)."""

    async def append(self, partition: Partition, entry: Entry) -> int:
        """Append one record and return its offset.

        Raises LogUnavailable (the outcome is unknown) or RecordTooLarge (nothing happened).
        Safe to cancel: a record once handed over is still appended.
        """
        ...

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        """Append all entries contiguously or none, and return the first one's offset.

        Batches handed over in order by one sink are appended in that order.
        Raises LogUnavailable (the outcome is unknown) or RecordTooLarge (nothing happened).
        """
        ...


class Source(Protocol):
    """Reads. Either a member of a consumer group, or a reader of named partitions."""

    @property
    def assignment(self) -> frozenset[Partition]:
        """The partitions this source reads now. A group changes it between two polls."""
        ...

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        """Up to `limit` records in partition order, after at most `wait` seconds (maybe none)."""
        ...

    def seek(self, positions: Mapping[Partition, int]) -> None:
        """Continue each named partition at the given offset; unassigned ones are ignored."""
        ...

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Store the next offset to read per partition, for whoever holds it next in the group.

        Raises OwnershipLost when a partition is no longer ours, LogUnavailable on no answer.
        """
        ...


class Log(Protocol):
    """Opens sinks and sources on one log."""

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        """Make sure that each topic exists with that many partitions (for demos and tests)."""
        ...

    def sink(self) -> AbstractAsyncContextManager[Sink]:
        """A sink; leaving it flushes what was handed over."""
        ...

    def subscribe(self, group: str, topics: Sequence[str]) -> AbstractAsyncContextManager[Source]:
        """A member of `group`. Equal partition numbers of all topics go to the same member.

        Starts at the group's committed offset, else at the beginning.
        """
        ...

    def read(self, positions: Mapping[Partition, int]) -> AbstractAsyncContextManager[Source]:
        """A reader of exactly these partitions from these offsets, outside any group.

        An offset older than the retained beginning starts at the beginning.
        """
        ...

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Per partition the first retained offset and the next one to be written."""
        ...
