"""The real notifier in this process: embedded log, real Valkey, and what a test says to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from services.notifier.main import serve
from services.notifier.settings import NotifierSettings
from shared.cache import open_cache
from shared.channels.account import AccountSettings, ResolvedSecret
from shared.clock import SystemClock
from shared.config.models import Api, Config, Workspace
from shared.events.base import Event
from shared.events.envelope import Envelope, encode
from shared.events.outbound import Attempted, OutboundMessage, Receipt
from shared.events.outbound import Outcome as OutcomeEvent
from shared.ids import conversation_key, new_id
from shared.log import Entry, Log, Partition
from shared.service import Deps, Probes
from shared.sqlite import SqliteLog
from shared.topics import TOPICS, Topic

SHARDS = 4
PATIENCE = 20.0
"""Seconds after which what a test waits for has not happened."""


def configuration(base_url: str, accounts: Sequence[str] = ("one", "two")) -> Config:
    """A workspace with accounts `one`, `two` (scripted), `steady` and `asking`."""
    channels: dict[str, Any] = {
        name: AccountSettings(channel="scripted", name=name, workspace="acme", base_url=base_url)
        for name in accounts
    }
    for name in ("steady", "asking"):
        channels[name] = AccountSettings(
            channel=name, name=name, workspace="acme", base_url=base_url
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
    channel = account if account in ("steady", "asking") else "scripted"
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
