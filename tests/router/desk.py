"""The API over real HTTP, and an agent desktop that uses it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from redis.asyncio import Redis

from services.router.api.serve import serve_api
from services.router.settings import ApiSettings
from shared.cache import open_cache
from shared.clock import Clock
from shared.config.models import Config
from shared.log import Log
from shared.service import Deps, Probes
from shared.sqlite import SqliteLog
from shared.topics import TOPICS
from tests.router.contract import hold
from tests.router.engine import ScriptedEngine
from tests.router.owner import Owner
from tests.router.shop import PASSWORD, shop
from tests.router.viewing import caught_up, fast_clock, viewing

SHARDS = 2
SHOP = "shop"
_PATIENCE = 20


@dataclass
class Told:
    """One server-sent event."""

    name: str = "message"
    id: str = ""
    data: Any = None


@dataclass
class Got:
    """An answer: status, headers and the decoded body."""

    status: int
    headers: Any
    body: Any


@dataclass
class Listening:
    """An open event stream. `told` grows as events come."""

    response: aiohttp.ClientResponse
    told: list[Told] = field(default_factory=list)
    raw: bytes = b""

    async def next(self) -> Told:
        """The next event, waiting for it."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                block = await self.block()
                event = _parse(block)
                if event is not None:
                    self.told.append(event)
                    return event

    async def until(self, name: str) -> Told:
        """The next event of this name; what comes before is in `told`."""
        while (event := await self.next()).name != name:
            pass
        return event

    async def ended(self) -> None:
        """Wait until the server ends the stream."""
        async with asyncio.timeout(_PATIENCE):
            self.raw += await self.response.content.read()

    async def block(self) -> str:
        """The next block, be it an event or a heartbeat."""
        block = await self.response.content.readuntil(b"\n\n")
        self.raw += block
        return block.decode()


def _parse(block: str) -> Told | None:
    fields = [line.partition(": ") for line in block.strip().splitlines()]
    found = {name: value for name, _, value in fields if name}
    if "data" not in found:
        return None
    return Told(found.get("event", "message"), found.get("id", ""), orjson.loads(found["data"]))


class Desk:
    """A client of the API: as whom it calls is given with each call."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self.address = address
        self._tokens: dict[tuple[str, str], str] = {}

    async def token(self, agent: str, workspace: str = SHOP) -> str:
        """A token of this agent, signed in for once."""
        if (workspace, agent) not in self._tokens:
            body = {"workspace": workspace, "agent": agent, "password": PASSWORD}
            got = await self.call("POST", "/v1/sessions", json=body)
            self._tokens[workspace, agent] = got.body["token"]
        return self._tokens[workspace, agent]

    async def call(
        self,
        method: str,
        path: str,
        agent: str | None = None,
        workspace: str = SHOP,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Got:
        """One request; `agent` None: not signed in."""
        sent = dict(headers or {})
        if agent is not None:
            sent["Authorization"] = f"Bearer {await self.token(agent, workspace)}"
        async with self._http.request(method, self.address + path, headers=sent, **more) as answer:
            raw = await answer.read()
            body = orjson.loads(raw) if "json" in answer.content_type else raw
            hold(method, path, answer.status, answer.content_type, body)
            return Got(answer.status, answer.headers, body)

    async def post(self, path: str, agent: str, body: Any = None, key: str | None = None) -> Got:
        """A write, with an Idempotency-Key when there is one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.call("POST", path, agent, headers=headers, json=body or {})

    @asynccontextmanager
    async def listen(
        self,
        agent: str,
        last: str | None = None,
        workspace: str = SHOP,
        origin: str | None = None,
    ) -> AsyncIterator[Listening]:
        """An open event stream, after its first event."""
        headers = {"Authorization": f"Bearer {await self.token(agent, workspace)}"}
        if last is not None:
            headers["Last-Event-ID"] = last
        if origin is not None:
            headers["Origin"] = origin
        async with self.opened("/v1/events", headers) as listening:
            yield listening

    @asynccontextmanager
    async def opened(
        self, path: str, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Listening]:
        """An event stream at this address, after its first event."""
        async with self._http.get(self.address + path, headers=headers) as answer:
            assert answer.status == 200
            listening = Listening(answer)
            await listening.next()
            yield listening


@dataclass
class Office:
    """Everything that a test of the API works with."""

    log: Log
    redis: "Redis"
    owner: Owner
    engine: ScriptedEngine
    config: Config
    clock: Clock
    chosen: ApiSettings
    desk: Desk = field(init=False)
    stop: asyncio.Event = field(init=False)

    async def shown(self, workspace: str = SHOP) -> None:
        """Wait until the view shows everything."""
        await caught_up(self.log, self.redis, workspace, SHARDS)

    @asynccontextmanager
    async def again(self) -> AsyncIterator[Desk]:
        """One more replica of the API, and a client of it."""
        async with self.serving() as (desk, _):
            yield desk

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[Desk, asyncio.Event]]:
        """The API once it is ready, until left or stopped."""
        stop = asyncio.Event()
        async with self.bound(stop) as (desk, probes):
            async with asyncio.timeout(_PATIENCE):
                while probes.failing(probes.ready):  # noqa: ASYNC110 - a probe is polled
                    await asyncio.sleep(0.01)
            yield desk, stop

    @asynccontextmanager
    async def bound(self, stop: asyncio.Event | None = None) -> AsyncIterator[tuple[Desk, Probes]]:
        """The API as soon as it listens."""
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        deps = Deps(
            log=self.log,
            redis=self.redis,
            clock=self.clock,
            config=self.config,
            shards=SHARDS,
            instance="test",
            listening=lambda _name, number: port.set_result(number),
        )
        stop = stop or asyncio.Event()
        async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession() as http:
            tasks.create_task(serve_api(deps, self.chosen, stop))
            try:
                yield Desk(http, f"http://127.0.0.1:{await port}"), deps.probes
            finally:
                stop.set()


@asynccontextmanager
async def office(
    url: str,
    *,
    config: Config | None = None,
    clock: Clock | None = None,
    view: bool = True,
    **settings: Any,
) -> AsyncIterator[Office]:
    """The API, a view and a scripted engine, on an embedded log and a real Redis."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_cache(url, timeout=0.5))
        log = await stack.enter_async_context(SqliteLog(":memory:"))
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        sink = await stack.enter_async_context(log.sink())
        owner = Owner(sink, SHOP, SHARDS)
        await owner.own()
        engine = ScriptedEngine(log, owner, SHOP, SHARDS)
        await stack.enter_async_context(engine.running())
        if view:
            await stack.enter_async_context(viewing(log, redis, SHOP, "other"))
        chosen = ApiSettings(port=0, **{"heartbeat_seconds": 0.05, **settings})
        here = Office(log, redis, owner, engine, config or shop(), clock or fast_clock(), chosen)
        here.desk, here.stop = await stack.enter_async_context(here.serving())
        yield here
