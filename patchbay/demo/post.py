"""A provider's delivery of a webhook: again and again until it is taken."""

import asyncio

import aiohttp

from shared.channels import HttpReply, HttpRequest
from shared.clock import Clock

_PAUSES = (0.2, 0.5, 1, 2, 2)
_TIMEOUT = aiohttp.ClientTimeout(total=15)


class Post:
    """Sends webhooks to the listeners, over kept connections."""

    def __init__(self, client: aiohttp.ClientSession, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.retries = 0

    async def once(self, request: HttpRequest) -> HttpReply | None:
        """One attempt; None when nobody answered."""
        try:
            async with self._client.request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as reply:
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return HttpReply(reply.status, headers, await reply.read())
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    async def until_taken(self, request: HttpRequest, stop: asyncio.Event) -> bool:
        """Deliver as Meta or a shop does: repeat everything but a 2xx, until `stop` is set."""
        attempt = 0
        while True:
            reply = await self.once(request)
            if reply is not None and 200 <= reply.status < 300:
                return True
            if stop.is_set():
                return False
            self.retries += 1
            await self._clock.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
            attempt += 1
