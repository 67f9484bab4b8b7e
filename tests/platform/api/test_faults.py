"""The log, Redis or the view is away, at the start or later: what is answered meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from patchbay.stack import RedisServer
from shared.errors import LogUnavailable
from shared.events import routing as was
from shared.log import Entry, Log, Partition, Sink, Source
from tests.router.desk import Office, office
from tests.router.owner import NOW_MS
from tests.router.scenes import accepted, hold, offer, opened

REPLIES = "/v1/conversations/cnv_1/replies"


class FailingLog:
    """A log that can go away: appends are not confirmed, nothing can be read."""

    def __init__(self, inner: Log) -> None:
        self.inner = inner
        self.away = False

    def check(self) -> None:
        if self.away:
            raise LogUnavailable("away")

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        async with self.inner.sink() as sink:
            yield _FailingSink(self, sink)

    @asynccontextmanager
    async def read(self, positions: Mapping[Partition, int]) -> AsyncIterator[Source]:
        self.check()
        async with self.inner.read(positions) as source:
            yield source

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        self.check()
        return await self.inner.bounds(partitions)

    def subscribe(self, group: str, topics: Sequence[str]) -> AbstractAsyncContextManager[Source]:
        self.check()
        return self.inner.subscribe(group, topics)

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        self.check()
        await self.inner.create_topics(partitions)


class _FailingSink:
    def __init__(self, log: FailingLog, inner: Sink) -> None:
        self._log = log
        self._inner = inner

    async def append(self, partition: Partition, entry: Entry) -> int:
        self._log.check()
        return await self._inner.append(partition, entry)

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        self._log.check()
        return await self._inner.append_batch(partition, entries)


def failing(here: Office) -> FailingLog:
    """Let the API work on a log that can go away; view and engine keep the real one."""
    log = FailingLog(here.log)
    here.log = log
    return log


async def test_without_the_log_nothing_is_said_to_be_done(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        log = failing(here)
        async with here.again() as desk:
            await desk.token("ana")
            log.away = True
            reply = await desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
            accept = await desk.post("/v1/offers/off_1/accept", "ana", key="two")
            read = await desk.call("GET", "/v1/conversations/cnv_1", "ana")
            log.away = False
            again = await desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
    assert [got.body["code"] for got in (reply, accept)] == ["outcome_unknown"] * 2
    assert [got.status for got in (reply, accept)] == [503, 503]
    assert reply.headers["Retry-After"] == "1"
    assert (read.status, again.status) == (200, 202)


async def test_an_api_that_starts_without_the_log_answers_when_it_comes(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        log = failing(here)
        log.away = True
        async with here.bound() as (desk, probes):
            early = await desk.call("GET", "/v1/queues", "ana")
            failed = probes.failing(probes.ready)
            log.away = False
            async with asyncio.timeout(20):
                while probes.failing(probes.ready):  # noqa: ASYNC110 - probes are polled
                    await asyncio.sleep(0.01)
            late = await desk.call("GET", "/v1/queues", "ana")
    assert (early.status, early.body["code"]) == (503, "unavailable")
    assert failed == ["api"]
    assert late.status == 200


async def test_without_redis_reads_wait_and_commands_go_on(redis_server: RedisServer) -> None:
    async with office(redis_server.url) as here:
        await offer(here)
        await here.shown()
        await here.desk.token("ana")
        redis_server.kill()
        read = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
        reply = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        queues = await here.desk.call("GET", "/v1/queues", "ana")
        ticket = await here.desk.post("/v1/stream-tickets", "ana")
        here.engine.answer = lambda _command: accepted()
        accept = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="two")
        await redis_server.heal()
        await here.shown()
        healed = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert [got.status for got in (read, reply, queues, ticket)] == [503] * 4
    assert {got.body["code"] for got in (read, reply, queues, ticket)} == {"unavailable"}
    assert accept.status == 200
    assert (healed.status, healed.body["agent"]) == (200, "ana")


async def test_a_view_that_is_behind_is_not_shown_as_the_truth(empty_redis: str) -> None:
    async with office(empty_redis, view=False, view_seconds=0.1) as here:
        await here.owner.decide(opened())
        read = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
        reply = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        mine = await here.desk.call("GET", "/v1/me/conversations", "ana")
    for got in (read, reply, mine):
        assert (got.status, got.body["code"]) == (503, "view_behind")
        assert got.headers["Retry-After"] == "1"


async def test_an_emptied_redis_shows_nothing_until_it_is_rebuilt(empty_redis: str) -> None:
    """Never a conversation that is not found only because the view does not have it yet."""
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        await here.redis.flushall()
        got = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert (got.status, got.body["agent"]) == (200, "ana")


async def test_the_record_is_followed_through_a_zombies_void_decisions(empty_redis: str) -> None:
    """A void decision answers no command."""
    async with office(empty_redis, answer_seconds=0.3) as here:
        await offer(here)
        await here.owner.own()
        here.engine.answer = lambda _command: None
        asking = asyncio.create_task(
            here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
        )
        async with asyncio.timeout(10):
            while not here.engine.asked:  # noqa: ASYNC110 - the engine is polled
                await asyncio.sleep(0.01)
        cause = here.engine.asked[0][0]
        await here.owner.record(1, here.owner.seq + 1, cause, *accepted())
        unknown = await asking
    assert (unknown.status, unknown.body["code"]) == (503, "outcome_unknown")


async def test_a_second_replica_shows_what_the_first_one_did(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.again() as other:
        await offer(here)
        here.engine.answer = lambda _command: accepted()
        await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
        await here.owner.decide(was.PresenceChanged("ana", "away", NOW_MS))
        await here.shown()
        got = await other.call("GET", "/v1/conversations/cnv_1", "ana")
        same = await other.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
    assert got.body["agent"] == "ana"
    assert (same.status, same.headers["Idempotency-Replayed"]) == (200, "true")
