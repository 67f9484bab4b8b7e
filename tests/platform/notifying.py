"""The real notifier in this process: embedded log, real Valkey, a scripted provider over real HTTP.

Two channels of the tests' own stand in for the real ones where a provider's behaviour is the point:
`scripted` knows no idempotency and sends receipts, `steady` may be sent the same id twice.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import orjson
from aiohttp import web
from redis.asyncio import Redis

from services.notifier.main import serve
from services.notifier.settings import NotifierSettings
from shared.cache import open_cache
from shared.channels import HttpReply, HttpRequest, Item, Limits, MailReply, Outcome
from shared.channels.account import AccountSettings, ResolvedSecret
from shared.channels.registry import CHANNELS
from shared.clock import SystemClock
from shared.config.models import Api, Config, Workspace
from shared.events.base import Event
from shared.events.envelope import Envelope, encode
from shared.events.outbound import Attempted, OutboundMessage, Receipt
from shared.events.outbound import Outcome as OutcomeEvent
from shared.ids import conversation_key, new_id
from shared.log import Entry, Log, Partition, Sink
from shared.service import Deps, Probes
from shared.sqlite import SqliteLog
from shared.topics import TOPICS, Topic

SHARDS = 4
PATIENCE = 20.0
"""Seconds after which what a test waits for has not happened."""


class Scripted:
    """One call per part of the text, parts being separated by `|`."""

    name: ClassVar[str] = "scripted"
    settings: ClassVar[type[AccountSettings]] = AccountSettings
    limits: ClassVar[Limits] = Limits(
        text=1000,
        window_hours=24,
        human_window_hours=24 * 7,
        templates=True,
        receipts=True,
        per_second=1000,
    )

    def verify(self, request: HttpRequest, account: AccountSettings, now: datetime) -> int:
        return 0

    def parse(
        self, request: HttpRequest, account: AccountSettings, now: datetime
    ) -> Sequence[Item]:
        return ()

    def acknowledge(
        self, request: HttpRequest, account: AccountSettings, items: Sequence[Item]
    ) -> HttpReply:
        return HttpReply(200)

    def compose(
        self, message: OutboundMessage, account: AccountSettings, now: datetime
    ) -> Sequence[HttpRequest]:
        assert message.text != "poison", "what nobody expected"
        return [
            HttpRequest(
                "POST",
                f"{account.base_url}/{account.name}/send",
                {"content-type": "application/json"},
                orjson.dumps(
                    {
                        "id": message.id,
                        "part": part,
                        "to": message.to,
                        "text": text,
                        "template": message.template.name if message.template else None,
                    }
                ),
            )
            for part, text in enumerate((message.text or "").split("|"))
        ]

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, HttpReply)
        if reply.status == 401:
            return Outcome("misconfigured", code="401", reason="token")
        if reply.status == 429:
            return Outcome("throttled", after=float(reply.headers["retry-after"]), code="429")
        if reply.status == 503:
            return Outcome("retry", code="503")
        if 300 <= reply.status < 500:
            return Outcome("misconfigured", code=str(reply.status))
        try:
            body = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            return Outcome("unknown", code=str(reply.status))
        kind = body.get("kind", "accepted")
        return Outcome(kind, provider_id=body.get("provider_id"), reason=body.get("reason"))


class Steady(Scripted):
    """Sending the same id again is harmless here; no window, and no receipts."""

    name: ClassVar[str] = "steady"
    limits: ClassVar[Limits] = replace(
        Scripted.limits,
        idempotent=True,
        window_hours=None,
        human_window_hours=None,
        templates=False,
        receipts=False,
    )


@contextmanager
def scripted_channels(**limits: Any) -> Iterator[None]:
    """Register the tests' channels, with these limits changed."""
    kinds: tuple[type[Scripted], ...] = (Scripted, Steady)
    before = [kind.limits for kind in kinds]
    for kind in kinds:
        kind.limits = replace(kind.limits, **limits)
        CHANNELS[kind.name] = kind()
    try:
        yield
    finally:
        for kind, was in zip(kinds, before, strict=True):
            kind.limits = was
            del CHANNELS[kind.name]


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
    running: set[asyncio.Task[Any]] = field(default_factory=set)

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


def configuration(base_url: str, accounts: Sequence[str] = ("one", "two")) -> Config:
    """A workspace with accounts `one`, `two` (scripted) and `steady`."""
    channels: dict[str, Any] = {
        name: AccountSettings(channel="scripted", name=name, workspace="acme", base_url=base_url)
        for name in accounts
    }
    channels["steady"] = AccountSettings(
        channel="steady", name="steady", workspace="acme", base_url=base_url
    )
    workspace = Workspace.model_construct(
        **{
            **Workspace(identity_key=ResolvedSecret("i" * 32)).__dict__,
            "channels": channels,
        }
    )
    api = Api(token_secret=(ResolvedSecret("t" * 32),))
    return Config.model_construct(version=1, api=api, workspaces={"acme": workspace})


def message(
    text: str, customer: str = "c1", account: str = "one", **changes: Any
) -> OutboundMessage:
    """A reply of an agent's to a customer inside his window."""
    now = datetime.now(UTC)
    channel = "steady" if account == "steady" else "scripted"
    values: dict[str, Any] = {
        "id": new_id("msg"),
        "workspace": "acme",
        "channel": channel,
        "account": account,
        "conversation_key": conversation_key(b"i" * 32, "acme", account, customer),
        "to": customer,
        "text": text,
        "window_expires_at": now + timedelta(hours=1),
        "written_at": now,
    }
    return OutboundMessage(**{**values, **changes})


def receipt(sent: OutboundMessage, state: str = "delivered", **changes: Any) -> Receipt:
    """A provider's report that echoes our id."""
    values: dict[str, Any] = {
        "id": new_id("rcp"),
        "workspace": sent.workspace,
        "channel": sent.channel,
        "account": sent.account,
        "conversation_key": sent.conversation_key,
        "status": state,
        "occurred_at": datetime.now(UTC),
        "message_id": sent.id,
        "part": 0,
    }
    return Receipt(**{**values, **changes})


@dataclass
class Board:
    """The log as others see it."""

    log: Log

    async def write(self, topic: Topic, event: Event, key: str, workspace: str = "acme") -> None:
        """Append as another service would."""
        value = encode(Envelope(new_id("evt"), "/tests", datetime.now(UTC), event, key))
        partition = topic.partition(workspace, key, SHARDS)
        async with self.log.sink() as sink:
            await sink.append(partition, Entry(key.encode(), value))

    async def send(self, *messages: OutboundMessage) -> None:
        """Append to `outbound`."""
        for each in messages:
            await self.write(TOPICS["outbound"], each, each.conversation_key)

    async def report(self, event: Receipt) -> None:
        """Append a receipt to `deliveries`."""
        await self.write(TOPICS["deliveries"], event, event.conversation_key)

    async def events(self, topic: str) -> list[Any]:
        """Every event of a topic so far."""
        decoder = TOPICS[topic].decoder()
        partitions = [Partition(topic, number) for number in range(SHARDS)]
        bounds = await self.log.bounds(partitions)
        missing = sum(end - first for first, end in bounds.values())
        found: list[Any] = []
        async with self.log.read({p: first for p, (first, _) in bounds.items()}) as source:
            while len(found) < missing:
                found += [decoder.decode(record.value).data for record in await source.poll()]
        return found

    async def attempts(self, sent: OutboundMessage) -> list[Attempted]:
        """Every attempt at a message."""
        found = await self.events("deliveries")
        return [e for e in found if isinstance(e, Attempted) and e.message_id == sent.id]

    async def outcomes(self, sent: OutboundMessage) -> list[OutcomeEvent]:
        """Every outcome of a message."""
        found = await self.events("deliveries")
        return [e for e in found if isinstance(e, OutcomeEvent) and e.message_id == sent.id]

    async def end(self, sent: OutboundMessage) -> OutcomeEvent:
        """Wait for a message's final outcome."""
        found: list[OutcomeEvent] = await self.until(lambda: self._finals(sent))
        return found[-1]

    async def _finals(self, sent: OutboundMessage) -> list[OutcomeEvent]:
        return [outcome for outcome in await self.outcomes(sent) if outcome.final]

    async def until(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again and again until the answer is true, and return it."""
        async with asyncio.timeout(PATIENCE):
            while not (answer := await ask()):  # noqa: ASYNC110 - the log tells nobody outside
                await asyncio.sleep(0.02)
        return answer


QUICK: dict[str, Any] = {
    "notifier_doubt_seconds": 0.5,
    "notifier_total_seconds": 1,
    "notifier_read_seconds": 0.5,
    "notifier_connect_seconds": 0.5,
}


async def run_until_it_fails(log: Log, redis_url: str, config: Config) -> None:
    """The service, until a bug ends it."""
    redis: Redis = open_cache(redis_url, timeout=0.5)
    deps = Deps(log, redis, SystemClock(), config, SHARDS, new_id("pod"), Probes())
    try:
        async with asyncio.timeout(PATIENCE):
            await serve(deps, NotifierSettings(**QUICK), asyncio.Event())
    except* AssertionError:
        pass
    finally:
        await redis.aclose()


class Killed(Exception):
    """The process ends here."""


class MortalSink:
    """A sink that ends its process around an append: `before` or `after` one of `kind`."""

    def __init__(self, inner: Sink, when: str, kind: type[Event]) -> None:
        self._inner = inner
        self._when = when
        self._kind = kind
        self._alive = True

    async def append(self, partition: Partition, entry: Entry) -> int:
        fatal = f'"type":"{self._kind.TYPE}"'.encode() in entry.value
        if not self._alive or (fatal and self._when == "before"):
            self._alive = False
            raise Killed
        offset = await self._inner.append(partition, entry)
        if fatal:
            self._alive = False
            raise Killed
        return offset

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        raise NotImplementedError


class MortalLog:
    """A log whose sinks are mortal."""

    def __init__(self, inner: Log, when: str, kind: type[Event]) -> None:
        self._inner = inner
        self._when = when
        self._kind = kind

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        async with self._inner.sink() as inner:
            yield MortalSink(inner, self._when, self._kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def run_until_killed(log: Log, redis_url: str, config: Config, **settings: Any) -> None:
    """The service, until its log kills it."""
    redis: Redis = open_cache(redis_url, timeout=0.5)
    deps = Deps(log, redis, SystemClock(), config, SHARDS, new_id("pod"), Probes())
    try:
        async with asyncio.timeout(PATIENCE):
            await serve(deps, NotifierSettings(**{**QUICK, **settings}), asyncio.Event())
    except* Killed:
        pass
    finally:
        await redis.aclose()


@asynccontextmanager
async def running_notifier(
    log: Log, redis_url: str, config: Config, **settings: Any
) -> AsyncIterator[Deps]:
    """The service; at the end it is stopped as by SIGTERM, and must drain."""
    async with AsyncExitStack() as stack:
        redis: Redis = open_cache(redis_url, timeout=0.5)
        stack.push_async_callback(redis.aclose)
        deps = Deps(log, redis, SystemClock(), config, SHARDS, new_id("pod"), Probes())
        stop = asyncio.Event()
        service = asyncio.create_task(serve(deps, NotifierSettings(**{**QUICK, **settings}), stop))
        try:
            yield deps
            stop.set()
            async with asyncio.timeout(PATIENCE):
                await service
        finally:
            service.cancel()
            await asyncio.wait([service])


@asynccontextmanager
async def memory_log() -> AsyncIterator[SqliteLog]:
    """An embedded log with all topics."""
    async with SqliteLog(":memory:") as log:
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        yield log
