"""A consumer for `test_strikes.py` that dies of one record.

Usage: python -m tests.contract.strikes_child LOG_FILE REDIS_URL GROUP (bug | kill)
It ends with status 0 when everything has been worked off.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from shared.cache import open_cache
from shared.clock import SystemClock
from shared.consumer import Consumer, Pace
from shared.dead_letters import DeadLetters
from shared.log import Record
from shared.sqlite import SqliteLog
from shared.strikes import Strikes
from shared.topics import DEAD_LETTERS

TOPIC = "inbound"
POISON = b"poison"
LAST = b"last"


async def main(path: str, redis_url: str, group: str, way: str) -> None:
    stop = asyncio.Event()

    async def handle(record: Record) -> None:
        if record.value == POISON and way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if record.value == POISON:
            raise ZeroDivisionError("a bug")
        print(record.value.decode(), flush=True)  # noqa: T201
        if record.value == LAST:
            stop.set()

    clock = SystemClock()
    redis = open_cache(redis_url)
    strikes = Strikes(redis, clock, group, holder=str(os.getpid()))
    async with SqliteLog(Path(path)) as log:
        await log.create_topics({TOPIC: 1, DEAD_LETTERS.name: 1})
        async with log.sink() as sink, log.subscribe(group, [TOPIC]) as source:
            letters = DeadLetters(sink, clock, 1, "/patchbay/test")
            pace = Pace(commit=0)
            consumer = Consumer(source, handle, letters, strikes=strikes, pace=pace)
            await consumer.run(stop)
    await redis.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
