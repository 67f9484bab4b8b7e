"""Which record kills the process: counted in Redis, so that it is buried at last.

A handler's bug is counted exactly: the record it was raised for gets a strike. A process that dies
without a word (out of memory, a crash in native code) leaves only the mark that it held the
partition. When that happens again and again without progress, the next holder handles the
partition's records one at a time and gives each its strike beforehand, taken back once survived.

Losing Redis loses counts, never a record: then a record may kill a few times more.
"""

from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from redis.asyncio import Redis

from shared.cache import asked
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable
from shared.log import Partition

log = structlog.get_logger()

LIMIT = 3
"""A record with as many strikes is buried instead of handled."""

_SUSPICIOUS = 2  # deaths without progress after which a partition is handled with care
_PROGRESS = 2000  # records: what is farther behind the start has hardly ever been in hand
_MEMORY = 3600  # seconds after which a death is no longer connected with the next one
_KEPT = 7 * 86_400


@dataclass
class Watch:
    """What is known of a partition: strikes per offset, and up to where care is needed."""

    strikes: dict[int, int] = field(default_factory=dict)
    careful_before: int = 0

    def condemned(self, offset: int) -> bool:
        """Has the record killed often enough?"""
        return self.strikes.get(offset, 0) >= LIMIT

    def careful(self, offset: int) -> bool:
        """Must the record be handled alone?"""
        return offset < self.careful_before


class Untracked:
    """Counts nothing: for a consumer that has no Redis."""

    async def enter(self, _partition: Partition, _position: int) -> Watch:
        return Watch()

    async def strike(self, _partition: Partition, _offset: int) -> None:
        return

    async def survived(self, _partition: Partition, _offset: int) -> None:
        return

    async def leave(self, _partition: Partition) -> None:
        return


class Strikes:
    """The strikes of one consumer group. `holder` names this process."""

    def __init__(self, redis: "Redis", clock: Clock, group: str, holder: str) -> None:
        self._redis = redis
        self._clock = clock
        self._group = group
        self._holder = holder

    async def enter(self, partition: Partition, position: int) -> Watch:
        """Begin to handle a partition, at this offset."""
        key = self._key(partition)
        now = milliseconds(self._clock.now())
        try:
            known: dict[str, str] = await asked(self._redis.hgetall(key))
            deaths = _deaths(known, position, now)
            mark = {"holder": self._holder, "position": position, "deaths": deaths, "at": now}
            await asked(self._redis.hset(key, mapping=cast(Any, mark)))
            await asked(self._redis.expire(key, _KEPT))
        except CacheUnavailable as error:
            log.warning("strikes_unknown", partition=str(partition), reason=str(error))
            return Watch()
        strikes = {int(name[1:]): int(n) for name, n in known.items() if name.startswith("r")}
        careful_before = position + _PROGRESS if deaths >= _SUSPICIOUS else 0
        return Watch(strikes, careful_before)

    async def strike(self, partition: Partition, offset: int) -> None:
        """The record has killed the process, or is about to be tried."""
        try:
            await asked(self._redis.hincrby(self._key(partition), f"r{offset}", 1))
        except CacheUnavailable as error:
            log.warning("strike_lost", partition=str(partition), reason=str(error))

    async def survived(self, partition: Partition, offset: int) -> None:
        """The record was tried, and here we are; or it has been buried."""
        try:
            await asked(self._redis.hdel(self._key(partition), f"r{offset}"))
        except CacheUnavailable as error:
            log.warning("strike_kept", partition=str(partition), reason=str(error))

    async def leave(self, partition: Partition) -> None:
        """The partition is given back in good order."""
        key = self._key(partition)
        try:
            if await asked(self._redis.hget(key, "holder")) == self._holder:
                await asked(self._redis.hdel(key, "holder", "position", "deaths", "at"))
        except CacheUnavailable as error:
            log.warning("strikes_kept", partition=str(partition), reason=str(error))

    def _key(self, partition: Partition) -> str:
        return f"strikes:{self._group}:{partition.topic}:{partition.number}"


def _deaths(known: dict[str, str], position: int, now: int) -> int:
    """How often in a row a holder of the partition has died without progress."""
    if "holder" not in known:
        return 0
    recent = now - int(known["at"]) <= _MEMORY * 1000
    stuck = position - int(known["position"]) < _PROGRESS
    return int(known["deaths"]) + 1 if recent and stuck else 1
