"""What a waiting caller is told: read from the view, and done without where it is away."""

from redis.asyncio import Redis

from services.ingest.accounts import Accounts
from shared.channels import HttpRequest, SpeaksWait, WaitFacts
from shared.channels.account import AccountSettings
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable
from shared.ids import conversation_key
from shared.views.waits import place_in_queue


class WaitingRoom:
    """Finds a customer's place by the request he waits with."""

    def __init__(self, redis: "Redis", accounts: Accounts, clock: Clock) -> None:
        self._redis = redis
        self._accounts = accounts
        self._clock = clock

    async def facts(
        self, channel: SpeaksWait, request: HttpRequest, account: AccountSettings
    ) -> WaitFacts | None:
        """His position and expected wait; None when he does not wait, or nobody can say."""
        thread = channel.waiting_thread(request, account)
        if thread is None:
            return None
        secret = self._accounts.identity_key(account.workspace)
        key = conversation_key(secret, account.workspace, account.name, *thread)
        now = milliseconds(self._clock.now())
        try:
            return await place_in_queue(self._redis, account.workspace, key, now)
        except CacheUnavailable:
            return None
