"""A process for `test_lifecycle.py` to send signals to.

Usage: python -m tests.unit.shared.lifecycle_child (drains | outlives | hangs | returns)
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from shared import lifecycle


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201


@asynccontextmanager
async def resource(name: str) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await asyncio.sleep(0)
        say(f"close {name}")


async def drains(stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(resource("first"))
        await stack.enter_async_context(resource("second"))
        say("ready")
        await stop.wait()
        say("draining")
        await asyncio.sleep(0.1)
        say("drained")


async def outlives(stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(resource("only"))
        say("ready")
        await stop.wait()
        say("draining")
        await asyncio.sleep(3600)


async def hangs(stop: asyncio.Event) -> None:
    say("ready")
    await stop.wait()
    time.sleep(3600)  # noqa: ASYNC251 - what no cancelling reaches


async def returns(_stop: asyncio.Event) -> None:
    say("ready")


def main(name: str, grace: float) -> None:
    lifecycle._CLOSING = 0.5
    work = {"drains": drains, "outlives": outlives, "hangs": hangs, "returns": returns}[name]
    try:
        asyncio.run(lifecycle.run_until_stopped(work, grace))
    except TimeoutError:
        say("gave up")
        sys.exit(3)
    say("done")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
