"""The limits of HTTP: a handler that reads the body and answers 200, and a stream that echoes.

Every POST is also told on the open event streams, if there are any.
"""

import asyncio
import sys

import uvloop
from aiohttp import web

_STREAMS: set[web.StreamResponse] = set()


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    for stream in _STREAMS:
        await stream.write(b'event: echo\ndata: {"at":0}\n\n')
    return web.Response()


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b'event: ready\ndata: {"at":0}\n\n')
    _STREAMS.add(response)
    try:
        await asyncio.Event().wait()
    finally:
        _STREAMS.discard(response)
    return response


async def _serve(port: int) -> None:
    app = web.Application(client_max_size=4_194_304)
    app.router.add_post("/webhooks/{channel}/{account}", _answer)
    app.router.add_get("/v1/events", _stream)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
