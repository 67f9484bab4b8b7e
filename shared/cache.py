"""Redis, or Valkey: views, limits and leases; never the truth."""

from collections.abc import Awaitable
from typing import Any, TypeVar, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.errors import CacheUnavailable, ConfigurationInvalid

T = TypeVar("T")


def open_cache(url: str, *, timeout: float = 2.0) -> "Redis":
    """A client that never repeats a command by itself: a timed-out one may have run.

    `timeout` bounds connecting and each answer, in seconds. Raises ConfigurationInvalid for what is
    no address; it is not repeated, there may be a password in it.
    """
    try:
        return Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=15,
        )
    except ValueError:
        raise ConfigurationInvalid("the address of Redis is none: redis://host:port/0") from None


async def asked(command: Awaitable[Any] | Any) -> Any:
    """Await a command; raises CacheUnavailable instead of the driver's errors."""
    try:
        return await cast("Awaitable[Any]", command)
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailable(type(error).__name__) from error
