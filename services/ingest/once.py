"""Requests a provider makes once only: a second one with the same token is a replay.

Such a provider's signature does not cover the body (Mailgun): whoever has seen one request could
send us anything with it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ingest.dedupe import Seen


class Once:
    """Remembers the tokens of requests that were taken. One not taken may come again."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._under_way: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def taking(self, account: str, token: str | None) -> AsyncIterator[bool]:
        """Take a request; yields whether it is the first with its token. Raises LogUnavailable."""
        if token is None:
            yield True
            return
        key = f"{account}:once:{token}"
        while key in self._under_way:
            await self._under_way[key].wait()
        done = self._under_way[key] = asyncio.Event()
        try:
            first = not await self._seen.among([key])
            yield first
            if first:
                await self._seen.mark([key])
        finally:
            done.set()
            del self._under_way[key]
