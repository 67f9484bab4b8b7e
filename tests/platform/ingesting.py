"""The real ingest service in this process: embedded log, real Valkey, real HTTP."""

import asyncio
import hashlib
import hmac
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from redis.asyncio import Redis

from services.ingest.main import serve
from services.ingest.settings import IngestSettings
from shared.cache import open_cache
from shared.clock import SystemClock
from shared.config.load import load
from shared.errors import LogUnavailable
from shared.log import Entry, Log, Partition, Record, Sink
from shared.service import Deps, Probes
from shared.sqlite import SqliteLog
from shared.topics import TOPICS

SHARDS = 4
SECRET = "app-secret-of-the-tests"
CONFIG = Path(__file__).parent / "ingest.yaml"
ENVIRONMENT = {
    "TOKEN": "t" * 32,
    "KEY": "k" * 32,
    "APP": SECRET,
    "OLD_APP": "the-secret-before",
    "OTHER_APP": "another-app-secret",
    "ACCESS": "access-token",
    "VERIFY": "verify-me",
    "TWILIO": "twilio-auth-token",
    "SHOP": "shop-secret",
    "MAIL": "mail-thread-secret",
    "MAILGUN": "mailgun-signing-key",
}


class FailingSink:
    """A sink whose log can go away: then nothing is appended and the outcome is unknown."""

    def __init__(self, inner: Sink) -> None:
        self._inner = inner
        self.away = False

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, [entry])

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        if self.away:
            raise LogUnavailable("away")
        return await self._inner.append_batch(partition, entries)


class FailingLog:
    """The embedded log, whose sinks fail while `away`."""

    def __init__(self, inner: SqliteLog) -> None:
        self.inner = inner
        self.sinks: list[FailingSink] = []

    def go_away(self, away: bool) -> None:
        for sink in self.sinks:
            sink.away = away

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        async with self.inner.sink() as inner:
            sink = FailingSink(inner)
            self.sinks.append(sink)
            yield sink

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class Ingest:
    """A running service, and what a provider and a reader of the log need."""

    log: Any
    redis: "Redis"
    client: aiohttp.ClientSession
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['ingest-all']}"

    async def whatsapp(
        self, body: Any, *, account: str = "wa", secret: str = SECRET, **headers: str
    ) -> int:
        """POST a notification signed with `secret`; the status of the answer."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        signed = {"x-hub-signature-256": f"sha256={signature}", **headers}
        address = f"{self.url}/webhooks/whatsapp/{account}"
        async with self.client.post(address, data=io.BytesIO(raw), headers=signed) as reply:
            return reply.status

    async def records(self, topic: str) -> list[dict[str, Any]]:
        """Every envelope of a topic."""
        partitions = [Partition(topic, number) for number in range(SHARDS)]
        bounds = await self.log.bounds(partitions)
        total = sum(end - begin for begin, end in bounds.values())
        found: list[Record] = []
        async with self.log.read({p: begin for p, (begin, _) in bounds.items()}) as source:
            while len(found) < total:
                found += await source.poll()
        return [orjson.loads(record.value) for record in found]


def message(text: str, wamid: str, sender: str = "15550100002") -> dict[str, Any]:
    """One inbound WhatsApp text."""
    return {
        "from": sender,
        "id": wamid,
        "timestamp": "1790000000",
        "type": "text",
        "text": {"body": text},
    }


def notification(*messages: Any, number: str = "900100200300") -> dict[str, Any]:
    """A notification holding these messages for one number."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100001", "phone_number_id": number},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": "15550100002"}],
        "messages": list(messages),
    }
    change = {"field": "messages", "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


@asynccontextmanager
async def running_ingest(
    redis_url: str,
    spool: Path,
    log: Log | None = None,
    config: Path = CONFIG,
    last: str = "ingest-all",
    **settings: Any,
) -> AsyncIterator[Ingest]:
    """The service with all channels, on free ports; `last` is the listener bound last."""
    async with AsyncExitStack() as stack:
        inner = await stack.enter_async_context(SqliteLog(":memory:"))
        await inner.create_topics(dict.fromkeys(TOPICS, SHARDS))
        redis = open_cache(redis_url, timeout=0.5)
        stack.push_async_callback(redis.aclose)
        client = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        ingest = Ingest(FailingLog(inner), redis, client)
        bound = asyncio.Event()

        def noted(name: str, port: int) -> None:
            ingest.ports[name] = port
            if name == last:
                bound.set()

        deps = Deps(
            ingest.log, redis, SystemClock(), load(config, ENVIRONMENT), SHARDS, "test", Probes(),
            noted,
        )  # fmt: skip
        options: dict[str, Any] = {"port": 0, "smtp_port": 0, "spool": spool, **settings}
        stop = asyncio.Event()
        service = asyncio.create_task(serve(deps, IngestSettings(**options), stop))
        listening = asyncio.create_task(bound.wait())
        await asyncio.wait({service, listening}, return_when="FIRST_COMPLETED")
        listening.cancel()
        try:
            yield ingest
        finally:
            stop.set()
            await service
