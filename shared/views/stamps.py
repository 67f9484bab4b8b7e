"""How far the view has applied each partition, per workspace."""

from dataclasses import dataclass
from typing import Literal

from redis.asyncio import Redis

from shared.cache import asked
from shared.log import Partition
from shared.record import BEGINNING, Standing
from shared.views.keys import Keys

Origin = Literal["new", "lost"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Everything before `offset` is applied; there a reader goes on with this `standing`."""

    offset: int
    standing: Standing = BEGINNING

    def text(self) -> str:
        seq = "" if self.standing.seq is None else self.standing.seq
        return f"{self.offset}:{self.standing.epoch}:{seq}"

    @classmethod
    def parse(cls, text: str) -> "Stamp":
        """Raises ValueError for what `text` did not write."""
        offset, epoch, seq = text.split(":")
        return cls(int(offset), Standing(int(epoch), int(seq) if seq else None))


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
