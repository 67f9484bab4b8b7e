"""Real signals to a real process: both ways of ending."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from shared.lifecycle import STUCK
from tests.unit.shared import lifecycle_child

PATIENCE = 30.0
Start = Callable[[str, float], Awaitable[asyncio.subprocess.Process]]


@asynccontextmanager
async def _process(work: str, grace: float) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", lifecycle_child.__name__, work, str(grace)],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def started(work: str, grace: float) -> asyncio.subprocess.Process:
            child = await stack.enter_async_context(_process(work, grace))
            await heard(child, "ready")
            return child

        yield started


async def heard(child: asyncio.subprocess.Process, word: str) -> None:
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while line := await child.stdout.readline():
            if line.decode().strip() == word:
                return
    raise AssertionError(f"the child never said {word}")


async def ended(child: asyncio.subprocess.Process) -> tuple[list[str], str, int | None]:
    async with asyncio.timeout(PATIENCE):
        out, err = await child.communicate()
    said = [line for line in out.decode().splitlines() if "stopping" not in line]
    return said, err.decode(), child.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_closes_in_reverse_order(
    start: Start, number: signal.Signals
) -> None:
    child = await start("drains", 20)
    child.send_signal(number)
    said, _, status = await ended(child)
    assert said == ["draining", "drained", "close second", "close first", "done"]
    assert status == 0


async def test_a_drain_that_outlives_the_grace_is_given_up(start: Start) -> None:
    child = await start("outlives", 0.3)
    child.send_signal(signal.SIGTERM)
    said, _, status = await ended(child)
    assert said == ["draining", "close only", "gave up"]
    assert status == 3


async def test_a_second_signal_ends_the_grace(start: Start) -> None:
    child = await start("outlives", 3600)
    child.send_signal(signal.SIGTERM)
    await heard(child, "draining")
    child.send_signal(signal.SIGTERM)
    said, _, status = await ended(child)
    assert said == ["close only", "gave up"]
    assert status == 3


async def test_a_process_that_cannot_be_cancelled_ends_itself_and_shows_where_it_hangs(
    start: Start,
) -> None:
    child = await start("hangs", 0.5)
    child.send_signal(signal.SIGTERM)
    _, errors, status = await ended(child)
    assert status == STUCK
    assert "in hangs" in errors


async def test_work_that_ends_by_itself_ends_the_process(start: Start) -> None:
    said, _, status = await ended(await start("returns", 20))
    assert said == ["done"]
    assert status == 0
