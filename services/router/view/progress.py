"""What one member of the view's group knows about each workspace's view. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shared.events.routing import Decision, ShardOwned
from shared.log import Partition
from shared.views.stamps import Origin, Stamp, Stamps
from shared.views.stamps import field as name_of

_BEGINNING = Stamp(0)


@dataclass(slots=True)
class Known:
    """One workspace's view: `applied` is what stands in Redis, `reached` how far we are.

    `reached` is ahead of `applied` only by records that are in hand or concern others.
    """

    generation: str
    origin: Origin
    stored: dict[str, Stamp]
    applied: dict[Partition, Stamp | None] = field(default_factory=dict)
    reached: dict[Partition, Stamp] = field(default_factory=dict)

    @classmethod
    def of(cls, stamps: Stamps) -> "Known":
        return cls(stamps.generation, stamps.origin, stamps.applied)

    def join(self, partition: Partition, epoch: int) -> int | None:
        """Begin with a partition; where to read from, None where it makes no difference.

        `epoch` is the shard's where we are: a new view begins there.
        """
        stamp = self.stored.get(name_of(partition))
        self.stands(partition, stamp)
        if stamp is not None:
            return stamp.offset
        if self.origin == "lost":
            return 0
        self.reached[partition] = Stamp(0, epoch)
        return None

    def stands(self, partition: Partition, stamp: Stamp | None) -> None:
        """This is what stands in Redis; what was thought of it before is wrong."""
        self.applied[partition] = stamp
        self.reached[partition] = stamp or _BEGINNING

    def back(self, partition: Partition, reached: Stamp) -> None:
        """A batch failed: what of it is not applied will be read again."""
        applied = self.applied.get(partition)
        if applied is not None and applied.offset > reached.offset:
            reached = replace(applied, epoch=max(applied.epoch, reached.epoch))
        self.reached[partition] = reached

    def leave(self, partition: Partition) -> None:
        """Somebody else goes on with the partition."""
        self.applied.pop(partition, None)
        self.reached.pop(partition, None)

    def owned(self, partition: Partition, offset: int, owned: ShardOwned) -> None:
        """A shard has an owner: from here on records of a lower epoch are void."""
        reached = self.reached[partition]
        if reached.offset <= offset:
            epoch = max(reached.epoch, owned.epoch)
            self.reached[partition] = replace(reached, offset=offset + 1, epoch=epoch)

    def admits(self, partition: Partition, offset: int, data: object) -> bool:
        """Whether a record is news to this view, and valid; it then counts as reached."""
        reached = self.reached[partition]
        if offset < reached.offset:
            return False
        epoch, seq = reached.epoch, reached.seq
        if isinstance(data, Decision):
            if data.epoch < epoch or data.seq <= seq:
                return False
            epoch, seq = data.epoch, data.seq
        self.reached[partition] = Stamp(offset + 1, epoch, seq)
        return True

    def epoch(self, partition: Partition) -> int:
        """The highest epoch this view knows of the shard."""
        stamp = self.reached.get(partition) or self.stored.get(name_of(partition))
        return stamp.epoch if stamp is not None else 0

    def moves(self, following: dict[Partition, int]) -> dict[Partition, tuple[Stamp | None, Stamp]]:
        """What a checkpoint has to write when everything before these offsets is applied."""
        moves = {}
        for partition, reached in self.reached.items():
            offset = max(reached.offset, following.get(partition, 0))
            stamp = replace(reached, offset=offset)
            if stamp != self.applied[partition]:
                moves[partition] = (self.applied[partition], stamp)
        return moves

    def moved(self, moves: dict[Partition, tuple[Stamp | None, Stamp]]) -> None:
        """The checkpoint has been written."""
        for partition, (_, following) in moves.items():
            self.applied[partition] = self.reached[partition] = following


def earliest(offsets: Iterable[int | None]) -> int | None:
    """The first offset that anybody needs; None when nobody needs any."""
    return min((offset for offset in offsets if offset is not None), default=None)
