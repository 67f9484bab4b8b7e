"""What is learned of customers, and that Redis may forget all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from patchbay.stack import RedisServer
from services.notifier.addresses import contact_id
from services.notifier.contacts import Contacts, touches
from services.notifier.contacts_index import ContactsIndex
from services.notifier.policy import Known
from services.notifier.preferences import PreferenceWriter
from shared.cache import open_cache
from shared.clock import SystemClock
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.preferences import Preference
from shared.topics import INBOUND, PREFERENCES
from shared.watchdog import Progress
from tests.platform.notifying import PATIENCE, SHARDS, Board, memory_log

NOW = datetime.now(UTC).replace(microsecond=0)


def event(kind: str = "message", minutes: float = 0, **changes: Any) -> CustomerEvent:
    """What Ada did on account `a` so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    sender = Sender(address="ada", language="de")
    values: dict[str, Any] = {"kind": kind, "sender": sender, "occurred_at": at, "provider_id": "p"}
    return CustomerEvent(
        id=f"{kind}-{minutes}",
        workspace="acme",
        channel="scripted",
        account="a",
        conversation_key="k",
        received_at=NOW,
        action=Action(**{**values, **changes}),
    )


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (event("message"), {"seen:a", "wrote:a"}),
        (event("reaction"), {"seen:a", "wrote:a"}),
        (event("postback"), {"seen:a", "wrote:a"}),
        (event("call"), {"seen:a", "wrote:a"}),
        (event("message", opens_window=False), {"seen:a"}),
        (event("message", automatic=True), set()),
        (event("typing"), set()),
        (event("close"), {"closed:a"}),
        (event("message", text="Stop!"), {"seen:a", "wrote:a", "stop:all"}),
        (event("message", text="please stop the parcel"), {"seen:a", "wrote:a"}),
        (event("message", text="STOP", automatic=True), set()),
        (event("message", text="start"), {"seen:a", "wrote:a", "resume:all"}),
        (event("postback", hints={"consent": "stop"}), {"seen:a", "wrote:a", "stop:all"}),
        (event("consent", payload="stop"), {"stop:all"}),
        (event("consent", payload="stop", hints={"purpose": "marketing"}), {"stop:marketing"}),
        (event("consent", payload="resume"), {"resume:all"}),
        (event("consent", payload="whatever"), set()),
    ],
)
def test_touches(given: CustomerEvent, fields: set[str]) -> None:
    found = [name for touch in touches(given) for name in touch.fields]

    assert set(found) == fields
    assert len(found) == len(fields)


def test_every_address_of_a_customer_is_touched() -> None:
    sender = Sender(address="49151", alternatives=("US.1",))

    contacts = {touch.contact for touch in touches(event(sender=sender))}

    assert contacts == {contact_id("acme", "scripted", each) for each in ("49151", "US.1")}


@dataclass
class Index:
    """A running index, and the log it reads."""

    board: Board
    contacts: Contacts
    redis: "Redis"

    async def hear(self, *events: CustomerEvent) -> None:
        for each in events:
            await self.board.write(INBOUND, each, each.conversation_key)

    async def known(self, address: str = "ada", account: str = "a") -> Known | None:
        return await self.contacts.known("acme", "scripted", account, address)

    async def until(self, wanted: Any) -> Known:
        """Wait until what is known is as wanted."""

        async def ask() -> Known | None:
            found = await self.known()
            return found if found is not None and wanted(found) else None

        found: Known = await self.board.until(ask)
        return found


@asynccontextmanager
async def running(board: Board, redis: "Redis") -> AsyncIterator[Index]:
    clock, stop = SystemClock(), asyncio.Event()
    async with board.log.sink() as sink:
        writer = PreferenceWriter(sink, clock, SHARDS)
        index = ContactsIndex(board.log, redis, clock, writer, Progress(clock))
        task = asyncio.create_task(index.run(stop))
        try:
            yield Index(board, Contacts(redis, clock, SHARDS), redis)
            stop.set()
            async with asyncio.timeout(PATIENCE):
                await task
        finally:
            task.cancel()


@pytest_asyncio.fixture
async def board() -> AsyncIterator[Board]:
    async with memory_log() as log:
        yield Board(log)


@pytest_asyncio.fixture
async def redis(empty_redis: str) -> AsyncIterator["Redis"]:
    client = open_cache(empty_redis)
    yield client
    await client.aclose()


async def test_the_latest_of_each_kind_counts_whatever_the_order(
    board: Board, redis: "Redis"
) -> None:
    async with running(board, redis) as index:
        await index.hear(event(minutes=5), event(minutes=60), event("close", minutes=30))
        known = await index.until(lambda found: found.wrote_at is not None)

    assert known.wrote_at == known.seen_at == NOW - timedelta(minutes=5)
    assert (known.closed, known.language) == (False, "de")


async def test_closed_until_the_customer_comes_back(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event(minutes=60), event("close", minutes=30))
        closed = await index.until(lambda found: found.seen_at is not None and found.closed)
        await index.hear(event(minutes=1))
        back = await index.until(lambda found: not found.closed)

    assert (closed.closed, back.closed) == (True, False)


async def test_stop_and_start(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event(minutes=9, text="stop"))
        stopped = await index.until(lambda found: found.stopped)
        await index.hear(event("consent", minutes=5, payload="resume"))
        await index.until(lambda found: not found.stopped)

    assert stopped.no_marketing
    wishes = [e for e in await board.events("preferences") if isinstance(e, Preference)]
    assert [(wish.wanted, wish.source) for wish in wishes] == [
        (False, "message"),
        (True, "control"),
    ]


async def test_marketing_may_be_refused_alone(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event("consent", payload="stop", hints={"purpose": "marketing"}))
        known = await index.until(lambda found: found.no_marketing)

    assert not known.stopped


async def test_nobody_else_is_known(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event())
        await index.until(lambda found: found.seen_at is not None)
        stranger = await index.known("grace")
        other_account = await index.known(account="b")

    assert stranger is not None
    assert other_account is not None
    assert (stranger.seen_at, other_account.seen_at) == (None, None)


async def test_what_redis_forgets_is_read_again(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event(minutes=5, text="stop"))
        before = await index.until(lambda found: found.stopped)
        await redis.flushdb()
        gone = await index.known()
        again = await index.until(lambda found: found.stopped)

    assert gone is None
    assert (again.wrote_at, again.stopped) == (before.wrote_at, True)


async def test_a_stop_survives_the_record_it_was_said_in(board: Board, redis: "Redis") -> None:
    """`inbound` forgets after two weeks, `preferences` does not."""
    wish = Preference(
        workspace="acme",
        channel="scripted",
        contact=contact_id("acme", "scripted", "ada"),
        wanted=False,
        source="message",
        occurred_at=NOW - timedelta(days=400),
    )
    await board.write(PREFERENCES, wish, f"{wish.contact}:all")
    async with running(board, redis) as index:
        known = await index.until(lambda found: found.stopped)

    assert known.seen_at is None
    assert await redis.ttl(f"patchbay:contacts:{wish.contact}") == -1


async def test_a_new_pod_goes_on_where_the_last_one_was(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.hear(event(minutes=5))
        await index.until(lambda found: found.seen_at is not None)
    async with running(board, redis) as index:
        await index.hear(event(minutes=1))
        known = await index.until(lambda found: found.seen_at == NOW - timedelta(minutes=1))

    assert known.wrote_at == NOW - timedelta(minutes=1)


async def test_what_nobody_keeps_up_to_date_is_not_believed(board: Board, redis: "Redis") -> None:
    async with running(board, redis) as index:
        await index.until(lambda _found: True)
    stale = Contacts(redis, _Later(), SHARDS)

    assert await stale.known("acme", "scripted", "a", "ada") is None


class _Later(SystemClock):
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=2)


async def test_while_redis_is_away_nothing_is_known_and_nothing_is_lost(
    board: Board, redis_server: RedisServer
) -> None:
    client = open_cache(redis_server.url, timeout=0.3)
    async with running(board, client) as index:
        await index.until(lambda _found: True)
        redis_server.kill()
        await index.hear(event(minutes=3))
        away = await index.known()
        await redis_server.heal()
        known = await index.until(lambda found: found.seen_at is not None)
    await client.aclose()

    assert away is None
    assert known.seen_at == NOW - timedelta(minutes=3)
