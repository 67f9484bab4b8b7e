"""Everything in one process on one file, with customers coming: killed, stopped, overheard."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from patchbay.demo import layout
from tests.e2e.discretion import leaks, open_labels, private_words
from tests.e2e.mischief import TROUBLE, WORDS, make_trouble
from tests.e2e.record import broken_promises, capacities, read_history
from tests.e2e.stage import Stage, staged
from tests.servers import redis

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.redis]

ALL = "patchbay"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("one-process")
    log = f"sqlite:///{folder / 'patchbay.db'}"
    async with redis() as server, staged(folder, log, server.url, layout.embedded) as staged_:
        await staged_.ready()
        yield staged_


async def test_kill_9_loses_and_doubles_nothing(stage: Stage) -> None:
    async with stage.customers():
        await stage.flowing()
        for _ in range(2):
            stage.services.kill(ALL)
            await stage.flowing()
    summary = await stage.reconciled()
    assert summary.kept, summary.line()
    assert summary.answered == summary.received


async def test_sigterm_under_load_drains_and_loses_nothing(stage: Stage) -> None:
    async with stage.customers():
        await stage.flowing()
        assert await stage.services.drain(ALL) == {ALL: 0}
        stage.services.start(ALL)
        await stage.flowing()
    summary = await stage.reconciled()
    assert summary.kept, summary.line()
    assert summary.answered == summary.received


async def test_nobody_ever_held_too_much_or_what_was_with_another(stage: Stage) -> None:
    history = await read_history(stage.log)
    assert len(history.decisions) > 100
    assert broken_promises(history, capacities(stage.folder / "patchbay.yaml")) == []


async def test_nothing_private_was_written(stage: Stage) -> None:
    """At level DEBUG, after everything above, and after what went wrong on purpose."""
    async with stage.customers():
        await stage.asked(12)
    assert await make_trouble(stage) == TROUBLE
    words = private_words(stage) | WORDS
    assert len(words) > 40
    assert leaks(stage.outputs(), words) == []


async def test_metrics_have_labels_from_closed_sets_only(stage: Stage) -> None:
    status, exposition = await stage.answer(ALL, "/metrics")
    assert status == 200
    assert open_labels(exposition) == set()
