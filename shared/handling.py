"""What can be put around a handler: a time limit, and retries."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from shared.errors import PatchbayError, TookTooLong

T = TypeVar("T")

Handle = Callable[[T], Awaitable[None]]
"""Works off one thing. Expected failures are PatchbayErrors; anything else is a bug."""

Sleep = Callable[[float], Awaitable[None]]
Pick = Callable[[float, float], float]


def within(seconds: float, handle: Handle[T]) -> Handle[T]:
    """Raises TookTooLong, which is retryable, when the handler does not return in time."""

    async def limited(thing: T) -> None:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                await handle(thing)
        except TimeoutError:
            if not limit.expired():
                raise  # the handler's own: a bug, or it would have a name
            raise TookTooLong(f"not done within {seconds} s") from None

    return limited


def backoff(
    first: float = 0.1,
    longest: float = 30.0,
    attempts: int | None = None,
    pick: Pick = random.uniform,
) -> Iterator[float]:
    """Seconds to wait between attempts: doubling, with full jitter, so that a crowd disperses.

    `attempts` bounds how many there are; by default there is no end.
    """
    ceiling = first
    made = 1
    while attempts is None or made < attempts:
        yield pick(0.0, ceiling)
        ceiling = min(ceiling * 2, longest)
        made += 1


def retrying(handle: Handle[T], delays: Callable[[], Iterator[float]], sleep: Sleep) -> Handle[T]:
    """Tries again after a retryable PatchbayError; the last failure is the one that is raised."""

    async def persistent(thing: T) -> None:
        for delay in delays():
            try:
                return await handle(thing)
            except PatchbayError as error:
                if not error.retryable:
                    raise
            await sleep(delay)
        return await handle(thing)

    return persistent
