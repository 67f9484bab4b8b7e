"""How often one customer is written to unasked, whichever order it is about; shared by all pods.

A claim is one atomic step in Redis: two pods that want to write to the same customer at the same
moment do not both pass. What Redis loses is told to it again from the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from shared.cache import asked
from shared.clock import milliseconds
from shared.ids import derived_id

_DAY_MS = 86_400_000
_KEPT_MS = 8 * _DAY_MS

_CLAIM = """
local now, gap, most, kept = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return '0' end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - kept)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] and tonumber(last[2]) + gap > now then
  return string.format('%.0f', tonumber(last[2]) + gap - now)
end
local today = redis.call('ZRANGEBYSCORE', KEYS[1], now - 86400000, '+inf', 'WITHSCORES')
if #today / 2 >= most then
  return string.format('%.0f', tonumber(today[2]) + 86400000 - now + 1)
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], kept)
return '0'
"""
"""Milliseconds to wait; 0: the alert is counted (one that was counted before passes again)."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert that went out to one customer."""

    workspace: str
    contact: str
    alert: str
    at: datetime


class Frequency:
    """Claims. `per_day` is the most alerts for one customer in 24 hours."""

    def __init__(self, redis: "Redis", per_day: int) -> None:
        self._redis = redis
        self._per_day = per_day

    async def claim(self, told: Told, gap_hours: float) -> float:
        """Seconds until this alert may go out; 0: now, and it is counted.

        Raises CacheUnavailable.
        """
        wait: Any = await asked(
            self._redis.eval(
                _CLAIM,
                1,
                _key(told),
                told.alert,
                str(milliseconds(told.at)),
                str(round(gap_hours * 3_600_000)),
                str(self._per_day),
                str(_KEPT_MS),
            )
        )
        return int(wait) / 1000

    async def refresh(self, partition: int, told: Iterable[Told]) -> None:
        """Tell Redis again what went out of this partition's alerts, if it does not know any more.

        Raises CacheUnavailable.
        """
        marker = f"patchbay:alerts:told:{partition}"
        if await asked(self._redis.exists(marker)):
            return
        for each in told:
            key = _key(each)
            await asked(self._redis.zadd(key, {each.alert: milliseconds(each.at)}))
            await asked(self._redis.pexpire(key, _KEPT_MS))
        await asked(self._redis.set(marker, 1))


def _key(told: Told) -> str:
    return f"patchbay:alerts:{derived_id('cst', told.workspace, told.contact)}"
