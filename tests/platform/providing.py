"""A scripted provider over real HTTP: it does to us whatever providers do."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

Behave = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class FakeProvider:
    """Answers as told, in order; when nothing is left to say, it accepts.

    `seen` is every request, `taken` what a customer got: each id and part it accepted, counted.
    """

    url: str = ""
    script: deque[Behave] = field(default_factory=deque)
    always: Behave | None = None
    seen: list[dict[str, Any]] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    knows: list[str] = field(default_factory=list)
    asked: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        body["account"] = request.match_info["account"]
        self.seen.append(body)
        behave = self.script.popleft() if self.script else self.always or self.accept
        return await behave(request, body)

    async def accept(self, _request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        name = f"{body['id']}:{body['part']}"
        self.taken[name] += 1
        made = f"p-{name}-{self.taken[name]}"
        return web.json_response({"provider_id": made, "messages": [{"id": made}]})

    async def handle_graph(self, request: web.Request) -> web.StreamResponse:
        """WhatsApp's send call."""
        call = orjson.loads(await request.read())
        message_id, _, part = call["biz_opaque_callback_data"].partition(":")
        body = {
            "id": message_id,
            "part": int(part),
            "account": "wa",
            "to": call["to"],
            "text": call.get("text", {}).get("body"),
            "template": call.get("template"),
        }
        self.seen.append(body)
        behave = self.script.popleft() if self.script else self.always or self.accept
        return await behave(request, body)

    async def answer(self, _request: web.Request) -> web.StreamResponse:
        """What it knows about a message somebody asks for."""
        self.asked += 1
        return web.json_response({"found": self.knows})

    def texts(self) -> list[str]:
        """Every text that was sent here, in order."""
        return [body["text"] for body in self.seen]


def status(code: int, **headers: str) -> Behave:
    """Answer with a bare status."""

    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, headers=named)

    return behave


def saying(**body: Any) -> Behave:
    """Answer 200 with this JSON."""

    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(body)

    return behave


def nonsense() -> Behave:
    """200, and no JSON."""

    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(text="<html>ok</html>")

    return behave


def hanging(seconds: float = 3600.0) -> Behave:
    """Take the request and say nothing."""

    async def behave(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response()

    return behave


def dripping() -> Behave:
    """A byte of the answer now and then, for ever."""

    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    return behave


def flooding() -> Behave:
    """An answer without end."""

    async def behave(request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 65_536)
        return response

    return behave


def taking_then_breaking(provider: FakeProvider) -> Behave:
    """The customer gets it, and we are cut off before the answer."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await provider.accept(request, body)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return behave


def only_for(account: str, behave: Behave, provider: FakeProvider) -> Behave:
    """This for one account; the others are accepted."""

    async def chosen(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await (behave if body["account"] == account else provider.accept)(request, body)

    return chosen


def hanging_for(account: str, provider: FakeProvider) -> tuple[Behave, asyncio.Event]:
    """Hang for one account until the event is set; then everything is accepted."""
    released = asyncio.Event()

    async def wait(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await released.wait()
        return await provider.accept(request, body)

    return only_for(account, wait, provider), released


@asynccontextmanager
async def fake_provider() -> AsyncIterator[FakeProvider]:
    """A provider on a free loopback port."""
    provider = FakeProvider()
    app = web.Application()
    app.router.add_post("/{account}/send", provider.handle)
    app.router.add_get("/{account}/lookup/{id}", provider.answer)
    app.router.add_post("/graph/{version}/{number}/messages", provider.handle_graph)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
