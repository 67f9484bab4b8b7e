"""How often somebody may try to sign in: per agent and per address, over all replicas.

Without Redis each replica counts by itself: guessing passwords must not become free.
"""

from collections import OrderedDict
from pathlib import Path

from redis.asyncio import Redis

from services.router.api.problems import Problem
from shared.cache import asked
from shared.clock import Clock
from shared.errors import CacheUnavailable
from shared.ids import derived_id
from shared.views.keys import Keys

WINDOW_SECONDS = 60.0
PER_AGENT = 10
PER_ADDRESS = 60
_MOST_COUNTERS = 10_000


class Attempts:
    """Counts attempts in windows of one minute."""

    def __init__(self, redis: "Redis", clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._count = redis.register_script(Path(__file__).with_suffix(".lua").read_text())
        self._local: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def count(self, workspace: str, agent: str, address: str) -> None:
        """Note one more attempt. Raises Problem `too_many`."""
        by_agent = Keys(workspace).attempts(derived_id("agent", agent))
        by_address = Keys("*").attempts(derived_id("address", address))
        counters = {by_agent: PER_AGENT, by_address: PER_ADDRESS}
        seconds = max([await self._ask(key, limit) for key, limit in counters.items()])
        if seconds > 0:
            raise Problem(
                "too_many",
                "There were too many attempts to sign in.",
                retry_after=int(seconds) + 1,
            )

    async def forget(self, workspace: str, agent: str) -> None:
        """Somebody proved who he is: what went before were typing errors."""
        key = Keys(workspace).attempts(derived_id("agent", agent))
        self._local.pop(key, None)
        try:
            await asked(self._redis.delete(key))
        except CacheUnavailable:
            return

    async def _ask(self, key: str, limit: int) -> float:
        try:
            wait = await asked(self._count(keys=[key], args=[round(WINDOW_SECONDS * 1000), limit]))
            return int(wait) / 1000
        except CacheUnavailable:
            return self._ask_here(key, limit)

    def _ask_here(self, key: str, limit: int) -> float:
        now = self._clock.monotonic()
        since, count = self._local.pop(key, (now, 0))
        if now - since >= WINDOW_SECONDS:
            since, count = now, 0
        self._local[key] = (since, count + 1)
        if len(self._local) > _MOST_COUNTERS:
            self._local.popitem(last=False)
        return WINDOW_SECONDS - (now - since) if count + 1 > limit else 0.0
