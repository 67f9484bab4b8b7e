"""How far the view has applied each partition, per workspace."""

from dataclasses import dataclass
from typing import Literal

from redis.asyncio import Redis

from shared.cache import asked
from shared.log import Partition
from shared.views.keys import Keys

Origin = Literal["new", "lost"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Everything before `offset` is applied; `epoch` and `seq` are the record's rule at it."""

    offset: int
    epoch: int = 0
    seq: int = 0

    def text(self) -> str:
        return f"{self.offset}:{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Stamp":
        offset, epoch, seq = text.split(":")
        return cls(int(offset), int(epoch), int(seq))


def field(partition: Partition) -> str:
    """The name of a partition in the hash of stamps."""
    return f"{partition.topic}/{partition.number}"


@dataclass(frozen=True, slots=True)
class Stamps:
    """All stamps of one workspace's view. `origin` says what a missing one means.

    `new`: the workspace never had a record there. `lost`: the view was lost and is being rebuilt;
    the partition must be read from its beginning.
    """

    generation: str
    origin: Origin
    applied: dict[str, Stamp]

    def reaches(self, partition: Partition, offset: int) -> bool:
        """Whether everything before `offset` of this partition can be seen in the view."""
        stamp = self.applied.get(field(partition))
        return stamp is not None and stamp.offset >= offset


def parse(stored: dict[str, str]) -> Stamps | None:
    """The stamps in a hash as Redis returns it; None when there is no view."""
    rest = dict(stored)
    generation, origin = rest.pop("generation", None), rest.pop("origin", "lost")
    if generation is None:
        return None
    applied = {name: Stamp.parse(text) for name, text in rest.items()}
    return Stamps(generation, "new" if origin == "new" else "lost", applied)


async def stamps(redis: "Redis", workspace: str) -> Stamps | None:
    """How far a workspace's view is; None when there is none. Raises CacheUnavailable."""
    return parse(await asked(redis.hgetall(Keys(workspace).stamps())))
