"""Proof that the view is what the log says: a digest of both, and where they differ."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis.asyncio import Redis

from services.router.view.batch import FOLDS, SOURCES, read
from services.router.view.sheet import Expire, Put, Rank, Sheet, Unrank, Write
from shared.cache import asked
from shared.log import Log, Partition
from shared.record import Fence, standing_at
from shared.views.keys import Keys

Contents = Mapping[str, str | dict[str, int]]
"""A document's text, or a sorted set's members, per key."""


@dataclass(slots=True)
class Memory:
    """A view in memory: what a fresh fold of the log gives."""

    documents: dict[str, str] = field(default_factory=dict)
    sets: dict[str, dict[str, int]] = field(default_factory=dict)
    ends: dict[str, int | None] = field(default_factory=dict)

    def load(self, keys: Sequence[str]) -> dict[str, str | None]:
        return {key: self.documents.get(key) for key in keys}

    def apply(self, writes: Sequence[Write]) -> None:
        for write in writes:
            match write:
                case Put():
                    self.documents[write.key] = write.value
                    self.ends[write.key] = write.expires_at
                case Rank():
                    self.sets.setdefault(write.key, {})[write.member] = write.score
                case Unrank():
                    self.sets.get(write.key, {}).pop(write.member, None)
                case Expire():
                    self.ends[write.key] = max(self.ends.get(write.key) or 0, write.at)

    def contents(self) -> Contents:
        return {**self.documents, **{key: set_ for key, set_ in self.sets.items() if set_}}

    def over(self, now: int) -> set[str]:
        """The keys that need no longer be there."""
        return {key for key, end in self.ends.items() if end is not None and end <= now}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both digests, and the keys under which the two differ."""

    view: str
    fold: str
    differing: tuple[str, ...]


def digest(contents: Contents) -> str:
    """A hash of everything that is shown."""
    return hashlib.blake2b(
        orjson.dumps(dict(contents), option=orjson.OPT_SORT_KEYS), digest_size=16
    ).hexdigest()


async def fresh_fold(log: Log, workspace: str, shards: int, keep_ms: int) -> Memory:
    """Fold everything the log retains of one workspace."""
    memory = Memory()
    for topic in SOURCES:
        for number in range(shards):
            await _fold_partition(log, Partition(topic.name, number), workspace, keep_ms, memory)
    return memory


async def _fold_partition(
    log: Log, partition: Partition, workspace: str, keep_ms: int, memory: Memory
) -> None:
    begin, end = (await log.bounds([partition]))[partition]
    fold, fence = FOLDS[partition.topic], Fence(standing_at(begin))
    async with log.read({partition: begin}) as source:
        while begin < end:
            records = await source.poll()
            begin = records[-1].offset + 1 if records else begin
            mine = [item for item in read(records, fence) if item.workspace == workspace]
            batch = [item.placed for item in mine]
            sheet = Sheet(workspace, keep_ms)
            for need in fold.needs:
                sheet.load(memory.load(sheet.missing(need(sheet, batch))))
            for placed in batch:
                fold.apply(sheet, placed)
            memory.apply(sheet.writes())


async def shown(redis: "Redis", workspace: str) -> dict[str, str | dict[str, int]]:
    """Everything the view holds of one workspace. Raises CacheUnavailable."""
    keys, contents = Keys(workspace), dict[str, str | dict[str, int]]()
    async for key in redis.scan_iter(match=f"{keys.prefix}*", count=500):
        if key == keys.stamps() or key.startswith(f"{keys.prefix}api:"):
            continue
        if await asked(redis.type(key)) == "zset":
            members: Any = await asked(redis.zrange(key, 0, -1, withscores=True))
            contents[key] = {member: int(score) for member, score in members}
        else:
            contents[key] = await asked(redis.get(key))
    return contents


async def compare(
    redis: "Redis", log: Log, workspace: str, shards: int, keep_ms: int, now: int
) -> Comparison:
    """Hold the view against a fresh fold, for a log that nobody writes to meanwhile.

    What has outlived its time may be there or not. Raises CacheUnavailable.
    """
    memory = await fresh_fold(log, workspace, shards, keep_ms)
    over, expected = memory.over(now), memory.contents()
    view = await shown(redis, workspace)
    known = {key: value for key, value in view.items() if key not in over or key in expected}
    wanted = {key: value for key, value in expected.items() if key not in over or key in view}
    differing = sorted(
        key for key in known.keys() | wanted.keys() if known.get(key) != wanted.get(key)
    )
    return Comparison(digest(known), digest(wanted), tuple(differing))
