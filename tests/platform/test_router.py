"""The real router, all roles in one process: customers write, agents work over the real API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from services.router.api.serve import serve_api
from services.router.main import serve_engine, serve_view
from services.router.settings import ApiSettings, EngineSettings, ViewSettings
from services.router.view.digest import compare
from shared.cache import open_cache
from shared.clock import SystemClock, milliseconds
from shared.config.models import Config
from shared.events.outbound import OutboundMessage, Outcome
from shared.log import Log, Partition
from shared.rules import Rules
from shared.service import Deps
from shared.sqlite import SqliteLog
from shared.topics import OUTBOUND, TOPICS
from tests.router.desk import SHARDS, SHOP, Desk, Got, Listening
from tests.router.owner import Owner, said
from tests.router.shop import shop
from tests.router.viewing import KEEP_MS, caught_up

CLOCK = SystemClock()


@dataclass
class Router:
    log: Log
    redis: Any
    customer: Owner
    desk: Desk

    async def writes(self, key: str, number: int, **changes: Any) -> None:
        """A customer's message, as ingest appends it."""
        now = CLOCK.now()
        event = said(SHOP, key, number, occurred_at=now, **changes)
        await self.customer.receive(event.model_copy(update={"received_at": now}))

    async def calls(self, key: str, state: str) -> None:
        """What a caller does."""
        call = {"id": "CA" + "0" * 32, "state": state}
        event = said(SHOP, key, 1, kind="call", occurred_at=CLOCK.now(), call=call)
        update = {
            "id": f"line:{state}",
            "channel": "phone",
            "account": "line",
            "received_at": CLOCK.now(),
        }
        await self.customer.receive(event.model_copy(update=update))

    async def becomes(self, agent: str, state: str) -> None:
        got = await self.desk.call("PUT", "/v1/me/presence", agent, json={"state": state})
        assert (got.status, got.body["state"]) == (200, state)

    async def accept(self, agent: str, stream: Listening) -> str:
        """Take the next offer; the conversation."""
        told = await stream.until("offer")
        got = await self.desk.post(f"/v1/offers/{told.data['offer']}/accept", agent, key=told.id)
        assert got.status == 200
        conversation: str = got.body["conversation"]
        return conversation

    async def sent(self, count: int) -> list[OutboundMessage]:
        """The messages in `outbound`, once there are so many."""
        decoder, found = OUTBOUND.decoder(), list[OutboundMessage]()
        partitions = [Partition(OUTBOUND.name, number) for number in range(SHARDS)]
        async with (
            asyncio.timeout(20),
            self.log.read(dict.fromkeys(partitions, 0)) as source,
        ):
            while len(found) < count:
                found += [decoder.decode(record.value).data for record in await source.poll()]
        return found


def with_rules(changes: dict[str, Any]) -> Config:
    """The shop's configuration under other rules."""
    config = shop()
    known = config.workspaces[SHOP]
    rules = Rules.model_validate({**known.rules.model_dump(mode="json"), **changes})
    workspace = known.model_copy(update={"rules": rules})
    return config.model_copy(update={"workspaces": {**config.workspaces, SHOP: workspace}})


@asynccontextmanager
async def router(
    url: str, rules: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Router]:
    """The engine, a view and the API; `rules` replaces parts of the shop's."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_cache(url))
        log = await stack.enter_async_context(SqliteLog(":memory:"))
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        sink = await stack.enter_async_context(log.sink())
        bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        deps = Deps(
            log,
            redis,
            CLOCK,
            with_rules(rules or {}),
            SHARDS,
            "test",
            listening=lambda _name, port: bound.set_result(port),
        )
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        stack.callback(stop.set)
        tasks.create_task(serve_engine(deps, EngineSettings(), stop))
        tasks.create_task(serve_view(deps, ViewSettings(), stop))
        tasks.create_task(
            serve_api(deps, ApiSettings(port=0, heartbeat_seconds=0.1, **settings), stop)
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        desk = Desk(http, f"http://127.0.0.1:{await bound}")
        async with asyncio.timeout(20):
            while deps.probes.failing(deps.probes.ready):  # noqa: ASYNC110 - probes are polled
                await asyncio.sleep(0.01)
        yield Router(log, redis, Owner(sink, SHOP, SHARDS), desk)


async def test_a_conversation_from_the_first_message_to_the_end(empty_redis: str) -> None:
    async with router(empty_redis) as here, here.desk.listen("ana") as stream:
        await here.becomes("ana", "available")
        await here.writes("k1", 1)
        name = await here.accept("ana", stream)
        path = f"/v1/conversations/{name}"
        shown = await here.desk.call("GET", path, "ana")
        reply = await here.desk.post(f"{path}/replies", "ana", {"text": "Hello"}, key="r1")
        await here.writes("k1", 2)
        message = await stream.until("message")
        (sent,) = await here.sent(1)
        await here.customer.deliver("k1", taken(sent))
        answered = await responded(here, path)
        moved = await here.desk.post(f"{path}/transfer", "ana", {"queue": "sales"}, key="t1")
        again = await here.accept("ana", stream)
        closed = await here.desk.post(f"{path}/close", "ana", {"code": "solved"}, key="c1")
        late = await here.desk.post(f"{path}/replies", "ana", {"text": "Bye"}, key="r2")
        timeline = await here.desk.call("GET", f"{path}/timeline", "ana")
        await caught_up(here.log, here.redis, SHOP, SHARDS)
        now = milliseconds(CLOCK.now())
        found = await compare(here.redis, here.log, SHOP, SHARDS, KEEP_MS, now)
    assert (shown.body["state"], shown.body["reply"]["allowed"]) == ("held", True)
    assert (reply.status, moved.status, closed.status) == (202, 200, 200)
    assert (again, message.data["conversation"]) == (name, name)
    assert answered.body["responded_at"] is not None
    assert (late.status, late.body["code"]) == (410, "gone")
    told = [entry.get("text") for entry in timeline.body["entries"] if entry.get("text")]
    assert told == ["text 1", "Hello", "text 2"]
    assert found.differing == ()


def taken(message: OutboundMessage) -> Outcome:
    """The provider took it."""
    return Outcome(
        message_id=message.id,
        workspace=SHOP,
        channel="whatsapp",
        account="wa",
        conversation_key=message.conversation_key,
        conversation_id=message.conversation_id,
        attempt=1,
        kind="accepted",
        final=True,
        provider_id="wamid.1",
    )


async def responded(here: Router, path: str) -> Got:
    """The conversation, once its first response is noted."""
    async with asyncio.timeout(20):
        while True:
            got = await here.desk.call("GET", path, "ana")
            if got.body["responded_at"] is not None:
                return got
            await asyncio.sleep(0.01)


async def test_accept_twice_too_late_and_by_another(empty_redis: str) -> None:
    async with (
        router(empty_redis) as here,
        here.desk.listen("ana") as ana,
        here.desk.listen("ben") as ben,
    ):
        await here.becomes("ana", "available")
        await here.writes("k1", 1)
        offer = (await ana.until("offer")).data["offer"]
        path = f"/v1/offers/{offer}/accept"
        theirs = await here.desk.post(path, "ben", key="b1")
        first, second = await asyncio.gather(
            here.desk.post(path, "ana", key="a1"), here.desk.post(path, "ana", key="a2")
        )
        after = await here.desk.post(path, "ben", key="b2")
        await here.becomes("ana", "away")
        await here.becomes("ben", "available")
        await here.writes("k2", 1)
        declined = (await ben.until("offer")).data["offer"]
        await here.desk.post(f"/v1/offers/{declined}/decline", "ben", key="b3")
        late = await here.desk.post(f"/v1/offers/{declined}/accept", "ben", key="b4")
        repeated = await here.desk.post(f"/v1/offers/{declined}/decline", "ben", key="b5")
    assert (theirs.status, theirs.body["code"]) == (403, "forbidden")
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert (after.status, after.body["code"]) == (409, "conflict")
    assert (late.status, late.body["code"]) == (410, "gone")
    assert (repeated.status, repeated.body["code"]) == (410, "gone")


async def test_a_call_is_connected_to_who_accepts_and_hung_up_by_who_closes(
    empty_redis: str,
) -> None:
    async with router(empty_redis) as here, here.desk.listen("ana") as stream:
        await here.becomes("ana", "available")
        await here.calls("p1", "started")
        await here.calls("p1", "queued")
        name = await here.accept("ana", stream)
        (connect,) = await here.sent(1)
        await here.calls("p1", "bridged")
        await here.desk.post(f"/v1/conversations/{name}/close", "ana", key="c1")
        *_, hangup = await here.sent(2)
    assert connect.call is not None
    assert hangup.call is not None
    assert (connect.call.action, connect.call.agent_endpoint) == ("connect", "client:ana")
    assert (hangup.call.action, hangup.call.call_id) == ("hangup", "CA" + "0" * 32)


async def test_a_voicemail_is_answered_by_calling_back(empty_redis: str) -> None:
    async with router(empty_redis) as here, here.desk.listen("ana") as stream:
        for state in ("started", "voicemail", "ended"):
            await here.calls("p1", state)
        await here.becomes("ana", "available")
        await here.accept("ana", stream)
        (dial,) = await here.sent(1)
    assert dial.call is not None
    assert (dial.call.action, dial.to) == ("dial", "address-p1")


@pytest.mark.parametrize("agent", ["ana", "sue"])
async def test_who_is_not_there_is_offered_nothing(empty_redis: str, agent: str) -> None:
    async with router(empty_redis) as here, here.desk.listen(agent):
        await here.writes("k1", 1)
        async with asyncio.timeout(20):
            while (await depth(here)) != 1:  # noqa: ASYNC110 - the API is polled
                await asyncio.sleep(0.01)
        offers = await here.desk.call("GET", "/v1/me/offers", agent)
        waits = await here.desk.call("GET", "/v1/wait-times/shop")
    assert offers.body["offers"] == []
    assert waits.body["channels"]["whatsapp"]["waiting"] == 1


async def depth(here: Router) -> int:
    got = await here.desk.call("GET", "/v1/queues", "sue")
    found: int = got.body["queues"][0]["depth"]
    return found


async def test_a_lost_stream_takes_the_presence_and_the_offers_go_on(empty_redis: str) -> None:
    """The lease ends, the agent goes offline, another one is asked."""
    async with router(empty_redis, lease_seconds=1) as here, here.desk.listen("ben") as ben:
        async with here.desk.listen("ana") as ana:
            await here.becomes("ana", "available")
            await here.writes("k1", 1)
            lost = await ana.until("offer")
        await here.becomes("ben", "available")
        told = await ben.until("offer")
        presence = await here.desk.call("GET", "/v1/me/presence", "ana")
        late = await here.desk.post(f"/v1/offers/{lost.data['offer']}/accept", "ana", key="a1")
    assert told.data["conversation"] == lost.data["conversation"]
    assert (presence.body["state"], presence.body["reason"]) == ("offline", "connection_lost")
    assert (late.status, late.body["code"]) == (410, "gone")


async def test_a_reconnect_in_time_keeps_what_was_held(empty_redis: str) -> None:
    """The stream is lost and reported; the next one makes her what she was, nothing given away."""
    async with router(empty_redis, lease_seconds=1) as here, here.desk.listen("sue") as sue:
        async with here.desk.listen("ana") as ana:
            await here.becomes("ana", "available")
            await here.writes("k1", 1)
            held = await here.accept("ana", ana)
        gone = await sue.until("presence")
        while gone.data["state"] != "offline":
            gone = await sue.until("presence")
        async with here.desk.listen("ana") as again:
            back = await again.until("presence")
            mine = await here.desk.call("GET", "/v1/me/conversations", "ana")
    assert (gone.data["reason"], back.data["state"]) == ("connection_lost", "available")
    assert gone.data["keeps_until"] is not None
    assert [one["id"] for one in mine.body["held"]] == [held]


async def test_who_does_not_come_back_loses_what_he_held(empty_redis: str) -> None:
    """Its grace is over: it goes on to somebody else."""
    rules = {"grace_seconds": 0.5}
    async with (
        router(empty_redis, rules, lease_seconds=1) as here,
        here.desk.listen("ben") as ben,
    ):
        async with here.desk.listen("ana") as ana:
            await here.becomes("ana", "available")
            await here.writes("k1", 1)
            held = await here.accept("ana", ana)
        await here.becomes("ben", "available")
        told = await ben.until("offer")
        timeline = await here.desk.call("GET", f"/v1/conversations/{held}/timeline", "sue")
    assert told.data["conversation"] == held
    released = [one for one in timeline.body["entries"] if one.get("event") == "released"]
    assert [(one["agent"], one["reason"]) for one in released] == [("ana", "agent_lost")]


async def test_two_are_asked_and_the_first_accept_has_it(empty_redis: str) -> None:
    rules = {"queues": {"care": {"offer": {"agents": 2}}, "sales": {}}}
    async with (
        router(empty_redis, rules) as here,
        here.desk.listen("ana") as ana,
        here.desk.listen("ben") as ben,
    ):
        await here.becomes("ana", "available")
        await here.becomes("ben", "available")
        await here.writes("k1", 1)
        first, second = await ana.until("offer"), await ben.until("offer")
        begun = await here.desk.post(f"/v1/offers/{first.data['offer']}/accepting", "ana")
        taken = await here.desk.post(f"/v1/offers/{second.data['offer']}/accept", "ben")
        ended = await ana.until("offer_ended")
        late = await here.desk.post(f"/v1/offers/{first.data['offer']}/accept", "ana")
    assert (begun.status, taken.status, late.status) == (200, 200, 410)
    assert (ended.data["how"], ended.data["reason"]) == ("rescinded", "taken")


async def test_a_wrap_up_with_codes_from_the_close_to_the_next_offer(empty_redis: str) -> None:
    wrap_up = {"mode": "discretionary", "codes": ["solved", "refund"]}
    agents = {
        "ana": {"queues": ["care"], "capacity": {"whatsapp": 1}},
        "sue": {"queues": ["care"], "role": "supervisor"},
    }
    rules = {"queues": {"care": {"wrap_up": wrap_up}}, "agents": agents}
    async with router(empty_redis, rules) as here, here.desk.listen("ana") as ana:
        await here.becomes("ana", "available")
        await here.writes("k1", 1)
        path = f"/v1/conversations/{await here.accept('ana', ana)}"
        await here.writes("k2", 2)
        closed = await here.desk.post(f"{path}/close", "ana", key="c1")
        shown = await here.desk.call("GET", path, "ana")
        early = await here.desk.post(f"{path}/wrap-up/end", "ana", {}, key="e1")
        wrong = await here.desk.post(f"{path}/wrap-up/end", "ana", {"code": "x"}, key="e2")
        done = await here.desk.post(f"{path}/wrap-up/end", "ana", {"code": "refund"}, key="e3")
        following = await ana.until("offer")
    assert [one.status for one in (closed, early, wrong, done)] == [200, 422, 422, 200]
    assert wrong.body["detail"] == "No such code. This queue has solved, refund."
    assert (shown.body["wrap_up"]["active"], shown.body["wrap_up"]["until"]) == (True, None)
    assert following.data["conversation"] not in path
