"""One question to Redis for all requests that come while the one before is being answered.

Alone, a request is asked for at once; under load many share what a round trip costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")

_MOST = 1000


class Together(Generic[A]):
    """`act` is called with the ids of whoever waits, at most about 1000; never twice at a time.

    What it returns or raises is given to each of them.
    """

    def __init__(self, act: Callable[[list[str]], Awaitable[A]]) -> None:
        self._act = act
        self._waiting: deque[tuple[Sequence[str], asyncio.Future[A]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, ids: Sequence[str]) -> A:
        """What a call that began after this one, and had all these ids, came to."""
        reply: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((ids, reply))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await reply

    async def _run(self) -> None:
        while self._waiting:
            ids, replies = self._take()
            try:
                answer = await self._act(ids)
            except Exception as error:  # noqa: BLE001 - passed on to whoever waits, as it is
                for reply in _wanted(replies):
                    reply.set_exception(error)
            else:
                for reply in _wanted(replies):
                    reply.set_result(answer)

    def _take(self) -> tuple[list[str], list[asyncio.Future[A]]]:
        ids: list[str] = []
        replies: list[asyncio.Future[A]] = []
        while self._waiting and len(ids) < _MOST:
            some, reply = self._waiting.popleft()
            ids += some
            replies.append(reply)
        return ids, replies


def _wanted(replies: Sequence[asyncio.Future[A]]) -> list[asyncio.Future[A]]:
    """Whoever was cancelled does not wait any more."""
    return [reply for reply in replies if not reply.done()]
