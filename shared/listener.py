"""A public HTTP listener that a hostile client cannot exhaust.

aiohttp has no timer of its own for a request's body and no bound on connections; both are here, for
the webhooks and for the queue API alike.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy

from shared.errors import PatchbayError


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """Bounds per listener; times in seconds, sizes in bytes.

    `header_seconds` is both the time to send all headers and how long an idle connection is kept.
    """

    connections: int = 2000
    header_seconds: float = 15
    body_seconds: float = 10
    header_bytes: int = 16_384
    headers: int = 100
    drain_seconds: float = 10


class BodyTooLarge(PatchbayError):
    """The body is larger than this address takes."""

    code = "body_too_large"


class BodyTooSlow(PatchbayError):
    """The body did not arrive in time."""

    code = "body_too_slow"


class UnsafeParser(PatchbayError):
    """aiohttp's C parser is not loaded; its pure-Python one has a history of smuggling bugs."""

    code = "unsafe_parser"


@asynccontextmanager
async def public_listener(
    app: web.Application, host: str, port: int, limits: ListenerLimits
) -> AsyncIterator[int]:
    """Serve `app` until left, then drain; yields the bound port. Raises UnsafeParser.

    Bodies are passed on as they came: signatures cover the raw bytes.
    """
    if HttpRequestParser is HttpRequestParserPy:
        raise UnsafeParser("install aiohttp from its wheel, not with AIOHTTP_NO_EXTENSIONS")
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=limits.header_seconds,
        max_field_size=limits.header_bytes,
        max_headers=limits.headers,
        shutdown_timeout=limits.drain_seconds,
        lingering_time=1,
    )
    await runner.setup()
    server = runner.server
    assert server is not None

    def accept() -> asyncio.Protocol:
        return server() if len(server.connections) < limits.connections else _Refusal()

    listener = await asyncio.get_running_loop().create_server(accept, host, port)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await _finish_requests(server, limits.drain_seconds)
        await runner.cleanup()


async def read_body(request: web.Request, limit: int, seconds: float) -> bytes:
    """The raw body. Raises BodyTooLarge, before reading where the length is declared, and
    BodyTooSlow after `seconds`."""
    _check_size(request.content_length or 0, limit)
    body = bytearray()
    if request.content.is_eof():  # it came together with the headers: there is no time to limit
        body += request.content.read_nowait()
        _check_size(len(body), limit)
        return bytes(body)
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                _check_size(len(body), limit)
    except TimeoutError:
        raise BodyTooSlow(f"the body must arrive within {seconds:g} seconds") from None
    return bytes(body)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(f"the body may have {limit} bytes at most")


async def _finish_requests(server: web.Server, seconds: float) -> None:
    """Let requests under way be answered; idle connections are closed at once."""
    server.pre_shutdown()
    await server.shutdown(seconds)


class _Refusal(asyncio.Protocol):
    """A connection over the limit: closed at once, so that it holds nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.abort() if isinstance(transport, asyncio.Transport) else transport.close()
