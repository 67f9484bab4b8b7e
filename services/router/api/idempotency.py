"""Idempotency-Key (IETF draft): a repeated write gets the first one's answer and is not done again.

Answers are kept for a day. Without Redis a repetition is harmless all the same: the ids of commands
and messages are derived from the key. So a process that begins and is never heard of again may hold
the key for no longer than an answer takes: whoever repeats his request is waiting.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from redis.asyncio import Redis

from services.router.api.caller import Caller
from services.router.api.problems import Problem
from shared.cache import asked
from shared.errors import CacheUnavailable
from shared.ids import derived_id
from shared.views.keys import Keys

KEPT_SECONDS = 86_400
_MARGIN_SECONDS = 2.0
_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it went over the wire."""

    status: int
    body: bytes
    headers: dict[str, str]


Run = Callable[[], Awaitable[Stored]]


def check_key(key: str) -> str:
    """The key of a header. Raises Problem `invalid`."""
    if not key.isprintable() or not 1 <= len(key) <= _LONGEST_KEY:
        raise Problem(
            "invalid", f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable characters."
        )
    return key


class Repetitions:
    """Remembers what was answered to whom. `seconds` is what an answer takes at most."""

    def __init__(self, redis: "Redis", seconds: float) -> None:
        self._redis = redis
        self._running_ms = round((seconds + _MARGIN_SECONDS) * 1000)

    async def once(self, caller: Caller, key: str, request: tuple[str, bytes], run: Run) -> Stored:
        """The stored answer, or that of `run`, which is stored when it is final.

        Raises Problem `key_reused` and `in_flight`, and what `run` raises.
        """
        name = Keys(caller.workspace).answer(caller.agent, derived_id("key", key))
        what = derived_id("req", request[0], request[1].hex())
        try:
            found = await self._begin(name, what)
        except CacheUnavailable:
            return await run()
        if found is not None:
            return _stored(found, what)
        try:
            answer = await run()
        except BaseException:
            await self._quietly(self._redis.delete(name))
            raise
        if answer.status < 500:
            await self._quietly(self._redis.set(name, _text(what, answer), ex=KEPT_SECONDS))
        else:
            await self._quietly(self._redis.delete(name))
        return answer

    async def _begin(self, name: str, what: str) -> str | None:
        """Begin to run, or find what was begun before."""
        running = orjson.dumps({"what": what}).decode()
        for _ in range(2):
            if await asked(self._redis.set(name, running, nx=True, px=self._running_ms)):
                return None
            found: str | None = await asked(self._redis.get(name))
            if found is not None:
                return found
        return None

    async def _quietly(self, command: Awaitable[object]) -> None:
        try:
            await asked(command)
        except CacheUnavailable:
            return


def _stored(found: str, what: str) -> Stored:
    known = orjson.loads(found)
    if known["what"] != what:
        raise Problem("key_reused", "This Idempotency-Key belongs to another request.")
    if "status" not in known:
        raise Problem(
            "in_flight", "The first request with this key has no answer yet.", retry_after=1
        )
    headers = {**known["headers"], "Idempotency-Replayed": "true"}
    return Stored(known["status"], known["body"].encode(), headers)


def _text(what: str, answer: Stored) -> str:
    return orjson.dumps(
        {
            "what": what,
            "status": answer.status,
            "body": answer.body.decode(),
            "headers": answer.headers,
        }
    ).decode()
