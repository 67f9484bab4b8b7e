"""The public HTTP routes: `/webhooks/<channel>/<account>` and `/webhooks/commerce/<source>`."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from services.ingest import metrics
from services.ingest.accounts import Accounts
from services.ingest.commerce import receive_commerce
from services.ingest.receive import Receiver
from shared.channels import Handshakes, HttpReply, HttpRequest
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.commerce.registry import SOURCES
from shared.errors import (
    LogUnavailable,
    PatchbayError,
    PayloadInvalid,
    RecordTooLarge,
    SignatureInvalid,
    UnknownAccount,
)
from shared.listener import BodyTooLarge, BodyTooSlow, read_body

log = structlog.get_logger()

_STATUS: dict[type[PatchbayError], int] = {
    SignatureInvalid: 401,
    UnknownAccount: 404,
    PayloadInvalid: 400,
    BodyTooLarge: 413,
    RecordTooLarge: 413,
    BodyTooSlow: 408,
    LogUnavailable: 503,
}


class CompressedBody(PayloadInvalid):
    """A Content-Encoding where the provider sends none."""

    code = "compressed_body"


_STATUS[CompressedBody] = 415


class Webhooks:
    """Turns HTTP into `HttpRequest` and errors into statuses. `channels` are the ones served."""

    def __init__(
        self,
        accounts: Accounts,
        receiver: Receiver,
        clock: Clock,
        channels: frozenset[str],
        body_seconds: float,
    ) -> None:
        self._accounts = accounts
        self._receiver = receiver
        self._clock = clock
        self._channels = channels
        self._body_seconds = body_seconds

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/webhooks/commerce/{source}", self._commerce)
        app.router.add_route("*", "/webhooks/{channel}/{account}", self._channel)
        app.router.add_route("*", "/webhooks/{channel}/{account}/{step:.*}", self._channel)
        return app

    async def _channel(self, request: web.Request) -> web.Response:
        name = request.match_info["channel"]
        return await self._answer(name, lambda: self._receive(request, name))

    async def _commerce(self, request: web.Request) -> web.Response:
        async def receive() -> HttpReply:
            if "commerce" not in self._channels:
                raise UnknownAccount("commerce webhooks are not served here")
            source = self._accounts.commerce(request.match_info["source"])
            if request.method != "POST":
                return HttpReply(405, {"allow": "POST"})
            limit = SOURCES[source.source].body_bytes
            received = await self._read(request, "", limit, compressed=False)
            return await receive_commerce(self._receiver, source, received, self._clock.now())

        return await self._answer("commerce", receive)

    async def _receive(self, request: web.Request, name: str) -> HttpReply:
        channel = CHANNELS.get(name)
        if channel is None or name not in self._channels:
            raise UnknownAccount(f"channel {name!r} is not served here")
        account = self._accounts.named(name, request.match_info["account"])
        limits = channel.limits
        received = await self._read(
            request, account.public_url, limits.body_bytes, compressed=limits.compressed
        )
        if request.method == "GET" and isinstance(channel, Handshakes):
            return channel.handshake(received, account)
        if request.method != "POST":
            return HttpReply(405, {"allow": "POST"})
        return await self._receiver.receive(account, received)

    async def _read(
        self, request: web.Request, public_url: str, limit: int, *, compressed: bool
    ) -> HttpRequest:
        if "Content-Encoding" in request.headers and not compressed:
            raise CompressedBody("send the body without Content-Encoding")
        body = await read_body(request, limit, self._body_seconds)
        base = public_url or f"{request.scheme}://{request.host}"
        return HttpRequest(
            method=request.method,
            url=base + request.raw_path,
            headers=_headers(request),
            body=body,
        )

    async def _answer(
        self, channel: str, receive: Callable[[], Awaitable[HttpReply]]
    ) -> web.Response:
        label = channel if channel in self._channels else "other"
        with metrics.acknowledged(label).time():
            try:
                reply = await receive()
            except PatchbayError as error:
                metrics.REFUSED.labels(label, error.code).inc()
                return refusal(error)
        return web.Response(status=reply.status, headers=dict(reply.headers), body=reply.body)


def refusal(error: PatchbayError) -> web.Response:
    """The answer to a request that was not taken. A wrong signature learns nothing from it."""
    status = next((_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS), 400)
    if isinstance(error, SignatureInvalid):
        return web.Response(status=status)
    headers = {"Retry-After": "5"} if status == 503 else {}
    response = web.json_response(
        {"type": f"urn:patchbay:problem:{error.code}", "status": status, "detail": str(error)},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )
    if isinstance(error, (BodyTooLarge, BodyTooSlow)):
        response.force_close()  # the rest of the body is not read
    return response


def _headers(request: web.Request) -> dict[str, str]:
    """Lower-case names; a repeated header's values are joined by commas (RFC 9110, 5.3)."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
