"""The private listener of every service: `/live`, `/ready` and `/metrics`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from shared.service import Probes


@asynccontextmanager
async def private_listener(probes: Probes, host: str, port: int) -> AsyncIterator[int]:
    """Serve until left; yields the bound port. Keep it off the public network."""
    app = web.Application()
    app.router.add_get("/live", _check(probes.not_live))
    app.router.add_get("/ready", _check(probes.not_ready))
    app.router.add_get("/metrics", _metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _check(failing: Callable[[], list[str]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        names = failing()
        text = "ok\n" if not names else "failing: " + ", ".join(names) + "\n"
        return web.Response(text=text, status=503 if names else 200)

    return answer


async def _metrics(_request: web.Request) -> web.Response:
    body = generate_latest(REGISTRY)  # type: ignore[no-untyped-call]
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
