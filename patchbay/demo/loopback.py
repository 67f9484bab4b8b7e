"""The loopback providers: they take our calls like the real ones, and send receipts."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from patchbay.demo.ledger import Ledger, Place
from patchbay.demo.providers import apple, messenger, phone_rest, whatsapp
from patchbay.demo.providers.messaging import Answer, Delivered
from patchbay.demo.providers.phone_network import Due, Network
from shared.channels import HttpReply, HttpRequest
from shared.clock import Clock

Receipts = Callable[[HttpRequest], Coroutine[Any, Any, None]]
Follow = Callable[[list[Due]], None]
_SHOWN = 200


class Loopback:
    """The send APIs of Meta, Apple and Twilio; `/arrived` shows what customers got lately."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        now: Callable[[], float],
        numbers: Sequence[whatsapp.Number],
        page: messenger.Page,
        business: apple.Business,
        network: Network,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._numbers = numbers
        self._arrived: deque[tuple[Place, str]] = deque(maxlen=_SHOWN)
        self._page = page
        self._business = business
        self._network = network
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""
        self.send_receipt: Receipts | None = None
        self.follow_calls: Follow | None = None

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[None]:
        """Answer until left."""
        app = web.Application(client_max_size=4_194_304)
        app.router.add_route("*", "/graph/{tail:.*}", self._graph)
        app.router.add_route("*", "/apple/{tail:.*}", self._apple)
        app.router.add_route("*", "/twilio/{tail:.*}", self._twilio)
        app.router.add_get("/arrived/{channel}/{address}", self._show)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.address = f"http://{host}:{port}"
            yield
        finally:
            await runner.cleanup()
            for task in self._tasks:
                task.cancel()

    async def _graph(self, request: web.Request) -> web.Response:
        received = await _received(request, "/graph")
        message_id = f"wamid.{uuid.uuid4().hex}"
        if f"/{self._page.page_id}/" in request.path:
            answer = messenger.answer(self._page, received, message_id)
            return self._deliver("messenger", answer, self._messenger_receipt)
        number = self._number_in(request.path)

        def receipt(taken: Delivered) -> HttpRequest:
            return whatsapp.statuses(number, taken, self._clock.now())

        answer = whatsapp.answer(number, received, message_id)
        return self._deliver("whatsapp", answer, receipt)

    def _number_in(self, path: str) -> whatsapp.Number:
        """The number that is to send; the first one refuses what is none of ours."""
        named = (n for n in self._numbers if f"/{n.phone_number_id}/" in path)
        return next(named, self._numbers[0])

    async def _show(self, request: web.Request) -> web.Response:
        place = Place(request.match_info["channel"], request.match_info["address"])
        return web.json_response([text for whom, text in self._arrived if whom == place])

    async def _apple(self, request: web.Request) -> web.Response:
        received = await _received(request, "/apple")
        answer = apple.answer(self._business, received, self._clock.now())
        return self._deliver("apple", answer, None)

    async def _twilio(self, request: web.Request) -> web.Response:
        received = await _received(request, "/twilio")
        reply, dues = phone_rest.answer(self._network, received)
        if self.follow_calls is not None:
            self.follow_calls(dues)
        return _response(reply)

    def _deliver(
        self, channel: str, answer: Answer, receipt: Callable[[Delivered], HttpRequest] | None
    ) -> web.Response:
        reply, taken = answer
        if taken is not None:
            place = Place(channel, taken.customer)
            self._arrived.append((place, taken.text))
            self._ledger.arrived(place, taken.text, self._now())
            if receipt is not None and self.send_receipt is not None:
                task = asyncio.create_task(self.send_receipt(receipt(taken)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return _response(reply)

    def _messenger_receipt(self, taken: Delivered) -> HttpRequest:
        return messenger.receipts(self._page, taken, self._clock.now())


async def _received(request: web.Request, prefix: str) -> HttpRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = str(request.url.with_path(request.path.removeprefix(prefix), keep_query=True))
    return HttpRequest(request.method, url, headers, await request.read())


def _response(reply: HttpReply) -> web.Response:
    return web.Response(status=reply.status, headers=dict(reply.headers), body=reply.body)
