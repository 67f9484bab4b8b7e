"""How fast we may send: per channel account, per recipient, per workspace; shared by all pods.

The counters live in Redis and run on its clock, so pods need not agree on the time. They are worth
nothing when lost: a burst starts anew. While Redis is away each pod keeps to a fraction of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import structlog
from redis.asyncio import Redis

from services.notifier import gcra, metrics
from services.notifier.gcra import Rate
from shared.cache import asked
from shared.channels import Limits
from shared.clock import Clock
from shared.errors import CacheUnavailable
from shared.ids import derived_id

log = structlog.get_logger()

_GATE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local longest, index = 0, 0
local tats = {}
for i, key in ipairs(KEYS) do
  local interval, slack = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local tat = tonumber(redis.call('GET', key) or 0)
  local wait = tat - slack - now
  if wait > longest then longest, index = wait, i end
  tats[i] = math.max(tat, now) + interval
end
if index > 0 then return {index, string.format('%.0f', longest)} end
for i, key in ipairs(KEYS) do
  local ahead = math.ceil((tats[i] - now) / 1000) + 1000
  redis.call('SET', key, string.format('%.0f', tats[i]), 'PX', ahead)
end
return {0, '0'}
"""
"""All limits let the call pass and count it, or none does. Times are in microseconds."""

_FORGET_AFTER = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit by name; `shared` ones concern everybody on the account, not one recipient."""

    name: str
    rate: Rate
    shared: bool


@dataclass(frozen=True, slots=True)
class Denied:
    """Not now: `seconds` to wait. `shared` as in Limit."""

    seconds: float
    shared: bool


class Limiter:
    """Lets calls pass. `share` is this pod's fraction of every rate while Redis is away."""

    def __init__(
        self, redis: "Redis", clock: Clock, *, share: float, workspace_per_second: float
    ) -> None:
        self._redis = redis
        self._local = LocalLimiter(clock, share)
        self._workspace = gcra.per_second(workspace_per_second)
        self._away = False

    async def admit(
        self, workspace: str, channel: str, account: str, to: str, limits: Limits
    ) -> Denied | None:
        """Count one call and return None, or count nothing and say how long to wait."""
        wanted = self._limits(workspace, channel, account, to, limits)
        try:
            denied = await self._ask(wanted)
        except CacheUnavailable as error:
            self._note(away=True, reason=str(error))
            return self._local.admit(wanted)
        self._note(away=False)
        return denied

    async def _ask(self, wanted: Sequence[Limit]) -> Denied | None:
        arguments: list[str] = []
        for limit in wanted:
            rate = limit.rate
            arguments += [str(ceil(rate.interval * 1e6)), str(int(rate.slack * 1e6))]
        keys = [limit.name for limit in wanted]
        answer: Any = await asked(self._redis.eval(_GATE, len(keys), *keys, *arguments))
        index, microseconds = int(answer[0]), int(answer[1])
        return Denied(microseconds / 1e6, wanted[index - 1].shared) if index else None

    def _limits(
        self, workspace: str, channel: str, account: str, to: str, limits: Limits
    ) -> list[Limit]:
        """Hash-tagged by workspace: one slot of a Redis cluster."""
        prefix = f"patchbay:rate:{{{workspace}}}"
        found = [
            Limit(f"{prefix}:all", self._workspace, shared=True),
            Limit(f"{prefix}:{channel}:{account}", gcra.per_second(limits.per_second), shared=True),
        ]
        if limits.per_recipient_seconds > 0:
            recipient = derived_id("to", channel, account, to)
            rate = Rate(limits.per_recipient_seconds, limits.burst_per_recipient)
            found.append(Limit(f"{prefix}:{recipient}", rate, shared=False))
        return found

    def _note(self, *, away: bool, reason: str = "") -> None:
        if away != self._away:
            self._away = away
            metrics.LIMITER_LOCAL.set(away)
            log.warning("limiter_local" if away else "limiter_shared", reason=reason)


class LocalLimiter:
    """The same limits in this process alone, at a fraction of each rate and without bursts."""

    def __init__(self, clock: Clock, share: float) -> None:
        self._clock = clock
        self._share = share
        self._tats: dict[str, float] = {}

    def admit(self, wanted: Sequence[Limit]) -> Denied | None:
        """As `Limiter.admit`."""
        now = self._clock.monotonic()
        rates = [Rate(limit.rate.interval / self._share) for limit in wanted]
        waits = [
            gcra.wait(self._tats.get(limit.name, 0.0), now, rate)
            for limit, rate in zip(wanted, rates, strict=True)
        ]
        longest = max(waits)
        if longest > 0:
            return Denied(longest, wanted[waits.index(longest)].shared)
        for limit, rate in zip(wanted, rates, strict=True):
            self._tats[limit.name] = gcra.spend(self._tats.get(limit.name, 0.0), now, rate)
        if len(self._tats) > _FORGET_AFTER:
            self._tats = {name: tat for name, tat in self._tats.items() if tat > now}
        return None
