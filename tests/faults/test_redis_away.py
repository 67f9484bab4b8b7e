"""Redis is away at the start and later, comes back empty, forgets and hangs: nothing is lost."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from patchbay.demo import layout
from patchbay.stack import RedisServer
from tests.e2e.record import broken_promises, capacities, read_history
from tests.e2e.stage import Stage, staged
from tests.servers import redis

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.redis]

ALL = "patchbay"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[RedisServer]:
    async with redis() as running:
        running.kill()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """Started without a Redis."""
    folder = tmp_path_factory.mktemp("redis-away")
    log = f"sqlite:///{folder / 'patchbay.db'}"
    async with staged(folder, log, server.url, layout.embedded) as staged_:
        yield staged_


async def _well(stage: Stage, server: RedisServer) -> None:
    """Redis runs and is known, whichever test is the first."""
    await server.heal()
    await stage.ready()


async def _all_answered(stage: Stage) -> None:
    summary = await stage.reconciled()
    assert summary.kept, summary.line()
    assert summary.answered == summary.received
    assert stage.services.restarts == 0


async def test_services_wait_for_a_redis_that_is_not_there_yet(
    stage: Stage, server: RedisServer
) -> None:
    await stage.says(ALL, "/ready", (503, "failing: view\n"))
    assert await stage.answer(ALL, "/live") == (200, "ok\n")
    await _well(stage, server)
    async with stage.customers():
        await stage.flowing()
    await _all_answered(stage)


async def test_a_redis_that_dies_comes_back_empty(stage: Stage, server: RedisServer) -> None:
    await _well(stage, server)
    async with stage.customers():
        await stage.flowing()
        server.kill()
        await stage.asked(10)
        await server.heal()
        await stage.flowing()
    await _all_answered(stage)


async def test_a_redis_that_forgets_everything_is_filled_again(
    stage: Stage, server: RedisServer
) -> None:
    await _well(stage, server)
    async with stage.customers():
        await stage.flowing()
        await server.flush()
        await stage.flowing()
    await _all_answered(stage)


async def test_a_redis_that_hangs_is_waited_for(stage: Stage, server: RedisServer) -> None:
    await _well(stage, server)
    async with stage.customers():
        await stage.flowing()
        server.pause()
        await stage.asked(10)
        server.resume()
        await stage.flowing()
    await _all_answered(stage)


async def test_nobody_ever_held_too_much_or_what_was_with_another(stage: Stage) -> None:
    history = await read_history(stage.log)
    assert len(history.decisions) > 100
    assert broken_promises(history, capacities(stage.folder / "patchbay.yaml")) == []
