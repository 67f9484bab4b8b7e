from collections.abc import AsyncIterator

import aiohttp
import pytest

from shared.probes import private_listener
from shared.service import Probes


@pytest.fixture
def probes() -> Probes:
    return Probes()


@pytest.fixture
async def private(probes: Probes) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        private_listener(probes, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        yield client


async def _asked(private: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with private.get(path) as reply:
        return reply.status, await reply.text()


async def test_a_process_that_is_still_starting_is_live_but_not_ready(
    private: aiohttp.ClientSession,
) -> None:
    assert await _asked(private, "/live") == (200, "ok\n")
    assert await _asked(private, "/ready") == (503, "failing: starting\n")


async def test_a_process_is_ready_while_every_check_holds(
    private: aiohttp.ClientSession, probes: Probes
) -> None:
    draining = False
    probes.ready["one"] = lambda: True
    probes.ready["other"] = lambda: not draining
    assert await _asked(private, "/ready") == (200, "ok\n")
    draining = True
    assert await _asked(private, "/ready") == (503, "failing: other\n")


async def test_liveness_has_checks_of_its_own(
    private: aiohttp.ClientSession, probes: Probes
) -> None:
    probes.live["loop"] = lambda: False
    probes.ready["service"] = lambda: True
    assert await _asked(private, "/live") == (503, "failing: loop\n")
    assert await _asked(private, "/ready") == (200, "ok\n")


async def test_metrics_are_in_the_open_metrics_format(private: aiohttp.ClientSession) -> None:
    async with private.get("/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await reply.text()).endswith("# EOF\n")
