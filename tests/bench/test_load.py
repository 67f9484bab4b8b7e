"""The instruments themselves: they count right, and an open loop does not wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import percentile
from tests.bench.load import arrivals, closed_loop, open_loop, request_bytes
from tests.bench.streams import EventStream

Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def _server(answer: Answer) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _posts(count: int) -> list[bytes]:
    return [request_bytes("/", {"x-number": str(n)}, b"body %d" % n) for n in range(count)]


@pytest.mark.parametrize("connections", [1, 3, 50])
async def test_a_closed_loop_sends_every_request_once(connections: int) -> None:
    seen: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(await request.read())
        return web.Response(text="some body")

    async with _server(answer) as port:
        load = await closed_loop(port, _posts(40), connections, seconds=30)
    assert sorted(seen) == sorted(b"body %d" % n for n in range(40))
    assert (load.answered, load.refused) == (40, 0)
    assert load.per_second > 0


async def test_what_is_not_answered_with_200_is_refused() -> None:
    async def answer(request: web.Request) -> web.Response:
        statuses = {"0": 200, "1": 401, "2": 503}
        return web.Response(status=statuses[request.headers["x-number"]])

    async with _server(answer) as port:
        load = await closed_loop(port, _posts(3), 1, seconds=30)
    assert (load.answered, load.refused) == (1, 2)


async def test_an_open_loop_sends_on_while_nothing_is_answered() -> None:
    """The server answers nobody until it has all requests: a loop that waited would hang."""
    waiting = 0
    everybody = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        nonlocal waiting
        waiting += 1
        if waiting == 20:
            everybody.set()
        await everybody.wait()
        return web.Response()

    times = [number * 0.001 for number in range(20)]
    async with _server(answer) as port:
        load = await open_loop(port, times, _posts(20), connections=20)
    assert load.answered == len(load.due) == len(load.late) == 20
    spacing = [due - load.due[0] for due in load.due]
    assert spacing == pytest.approx(times)


async def test_waiting_for_a_connection_counts_as_latency() -> None:
    """One connection and two requests due at once: the second one's wait is not omitted."""
    order: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        order.append(request.headers["x-number"])
        return web.Response()

    async with _server(answer) as port:
        load = await open_loop(port, [0.0, 0.0], _posts(2), connections=1)
    assert order == ["0", "1"]
    assert load.latencies[1] > load.latencies[0]


def test_arrivals_are_as_many_as_asked_for_and_in_order() -> None:
    times = arrivals(rate=200, seconds=50)
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] < 50
    assert abs(len(times) - 10_000) < 5 * 100  # five standard deviations


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_the_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


@given(st.lists(st.integers(1, 60), max_size=12))
def test_events_are_read_however_the_bytes_are_cut(cuts: list[int]) -> None:
    wire = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b'3a\r\nretry: 2000\nevent: ready\nid: 1.2\ndata: {"agent":"ana"}\n\n\r\n'
        b"e\r\n: heartbeat\n\n\r\n"
        b'2d\r\nevent: offer\ndata: {"conversation":"c: 1"}\n\n\r\n'
    )
    told: list[tuple[str, dict[str, Any]]] = []
    stream = EventStream(lambda name, data, _at: told.append((name, data)))
    for size in [*cuts, len(wire)]:
        stream.data_received(wire[:size])
        wire = wire[size:]
    assert told == [("ready", {"agent": "ana"}), ("offer", {"conversation": "c: 1"})]
