"""What one member of the view's group knows about each workspace's view. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.log import Partition
from shared.views.stamps import Origin, Stamp, Stamps
from shared.views.stamps import field as name_of

Moves = Mapping[Partition, tuple[Stamp | None, Stamp]]
"""Per partition the stamp that should be there, and the one to put in its place."""

_BEGINNING = Stamp(0)


@dataclass(slots=True)
class Known:
    """One workspace's view: `applied` is what stands in Redis for the partitions we read.

    `measured` is from where on what is applied is news to the metrics too: a view that was lost is
    read again, but what it once showed has been counted.
    """

    generation: str
    origin: Origin
    stored: dict[str, Stamp]
    applied: dict[Partition, Stamp | None] = field(default_factory=dict)
    measured: dict[Partition, int] = field(default_factory=dict)

    @classmethod
    def of(cls, stamps: Stamps) -> "Known":
        return cls(stamps.generation, stamps.origin, stamps.applied)

    def join(self, partition: Partition, reached: int) -> Stamp | None:
        """Begin with a partition; where to read from, None where it makes no difference.

        `reached` is how far it has been read before, by whomever.
        """
        stamp = self.applied[partition] = self.stored.get(name_of(partition))
        lost = stamp is None and self.origin == "lost"
        self.measured[partition] = reached if lost else 0
        return _BEGINNING if lost else stamp

    def reached(self, partition: Partition) -> int:
        """Up to where everything has been shown at some time."""
        stamp = self.applied.get(partition)
        return max(self.measured.get(partition, 0), 0 if stamp is None else stamp.offset)

    def leave(self, partition: Partition) -> None:
        """Somebody else goes on with the partition."""
        self.applied.pop(partition, None)
        self.measured.pop(partition, None)

    def wants(self, partition: Partition, offset: int) -> bool:
        """Whether a record is news to this view."""
        applied = self.applied[partition]
        return applied is None or offset >= applied.offset

    def moves(self, done: Mapping[Partition, Stamp]) -> Moves:
        """What a checkpoint has to write when everything before these stamps is applied."""
        return {
            partition: (applied, done[partition])
            for partition, applied in self.applied.items()
            if partition in done and (applied is None or applied.offset < done[partition].offset)
        }

    def moved(self, moves: Moves) -> None:
        """The checkpoint has been written."""
        for partition, (_, following) in moves.items():
            self.applied[partition] = following


def earliest(stamps: Iterable[Stamp | None]) -> Stamp | None:
    """The first place that anybody needs; None when nobody needs any."""
    found = [stamp for stamp in stamps if stamp is not None]
    return min(found, key=lambda stamp: stamp.offset, default=None)
