"""The event stream: who is told what, and that a reconnect misses nothing."""

import asyncio
from contextlib import AsyncExitStack
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchbay.stack import RedisServer
from shared.cache import open_cache
from shared.events import routing as was
from shared.events.commands import LosePresence, ResumePresence
from shared.views.keys import Keys
from tests.router.desk import SHOP, Listening, Office, Told, office
from tests.router.owner import NOW_MS, said
from tests.router.scenes import accepted, hold, offer, offered, opened, queued
from tests.router.stories import Story
from tests.router.viewing import FastClock


async def mark(here: Office) -> None:
    """Something that everybody's streams tell last."""
    for agent in ("ana", "sue"):
        await here.owner.decide(was.PresenceChanged(agent, "away", NOW_MS, "the end"))


async def told_until_mark(stream: Listening, agent: str) -> list[Told]:
    """Everything up to the mark."""
    while True:
        event = await stream.until("presence")
        if event.data["reason"] == "the end" and event.data["agent"] == agent:
            return [one for one in stream.told if one.name != "ready"]


async def test_an_agent_is_told_what_concerns_him(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        await hold(here)
        await hold(here, "cnv_2", "k2", "ben")
        more = said(SHOP, "k1", 2)
        theirs = said(SHOP, "k2", 2)
        await here.owner.decide(was.Attached("cnv_1", more.id, "message", NOW_MS))
        await here.owner.decide(was.Attached("cnv_2", theirs.id, "message", NOW_MS))
        await here.owner.decide(
            was.Closed("cnv_1", "ana", NOW_MS, "solved"),
            was.WrapUpStarted("cnv_1", "ana", NOW_MS, NOW_MS + 1000),
        )
        await here.owner.decide(was.WrapUpEnded("cnv_1", "ana", NOW_MS))
        await here.owner.decide(was.Closed("cnv_2", "ben", NOW_MS))
        await mark(here)
        told = await told_until_mark(stream, "ana")
    assert [one.name for one in told] == [
        "offer",
        "offer_ended",
        "assigned",
        "message",
        "closed",
        "wrap_up",
        "wrap_up_ended",
        "presence",
    ]
    assert told[0].data["expires_at"] == "2026-03-04T12:00:20Z"
    assert told[3].data["entry"] == more.id


async def test_who_leads_is_told_everything(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("sue") as stream:
        await hold(here)
        released = was.Released("cnv_1", "ana", NOW_MS, "transferred")
        await here.owner.decide(released, queued())
        await mark(here)
        told = await told_until_mark(stream, "sue")
    names = [one.name for one in told if one.data.get("conversation") == "cnv_1"]
    assert names == ["message", "queued", "offer", "offer_ended", "assigned", "released", "queued"]


async def test_what_was_held_before_this_process_began_is_known(empty_redis: str) -> None:
    """Holders that the tail never saw are looked up in the view."""
    async with office(empty_redis) as here:
        await hold(here)
        await hold(here, "cnv_2", "k2", "ben")
        for _ in range(1100):  # more than the tail looks back
            await here.owner.decide(was.Unchanged())
        await here.shown()
        async with here.again() as desk, desk.listen("ana") as stream:
            await here.owner.decide(was.Attached("cnv_2", "wa:x", "message", NOW_MS))
            await here.owner.decide(was.Attached("cnv_1", "wa:y", "message", NOW_MS))
            await here.owner.decide(was.Closed("cnv_2", "ben", NOW_MS))
            await here.owner.decide(was.Closed("cnv_1", "ana", NOW_MS))
            await mark(here)
            told = await told_until_mark(stream, "ana")
    assert [one.data.get("conversation") for one in told] == ["cnv_1", "cnv_1", None]


@given(seed=st.integers(0, 2**32), agent=st.sampled_from(["ana", "sue"]), cut=st.integers(0, 200))
@pytest.mark.timeout(300)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_reconnect_misses_nothing_and_repeats_nothing(
    redis_url: str, seed: int, agent: str, cut: int
) -> None:
    """Whatever the stream was cut behind: both halves together are the whole."""
    async with open_cache(redis_url) as redis:
        await redis.flushall()
    async with office(redis_url) as here, here.desk.listen(agent) as stream:
        story = Story(here.owner, SHOP, Random(seed))
        for _ in range(50):
            await story.move()
        await mark(here)
        whole = await told_until_mark(stream, agent)
        at = min(cut, len(whole) - 1)
        last = stream.told[0].id if at == 0 else whole[at - 1].id
        async with here.desk.listen(agent, last) as resumed:
            rest = await told_until_mark(resumed, agent)
    assert rest == whole[at:]


async def test_who_comes_back_is_not_told_what_happened_after_he_had_closed(
    empty_redis: str,
) -> None:
    """Not even by the next decision, and neither from the record nor from the view."""
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        await hold(here)
        await here.owner.decide(was.Closed("cnv_1", "ana", NOW_MS))
        closed = await stream.until("closed")
        more = said(SHOP, "k1", 2)
        await here.owner.decide(
            was.Reopened("cnv_1", NOW_MS),
            was.Attached("cnv_1", more.id, "message", NOW_MS),
            queued(),
        )
        await mark(here)
        whole = await told_until_mark(stream, "ana")
        resumed = []
        for last in (stream.told[0].id, closed.id):
            async with here.desk.listen("ana", last) as again:
                resumed.append(await told_until_mark(again, "ana"))
    assert resumed[0] == whole
    assert [one.name for one in resumed[1]] == ["presence"]


async def test_a_reconnect_while_things_happen_misses_nothing(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("sue") as stream:
        story = Story(here.owner, SHOP, Random(5))

        async def moves() -> None:
            for _ in range(120):
                await story.move()
            await mark(here)

        moving = asyncio.create_task(moves())
        pieces: list[Told] = []
        last = stream.told[0].id
        for _ in range(6):
            async with here.desk.listen("sue", last) as short:
                pieces += [await short.next() for _ in range(5)]
            last = pieces[-1].id
        async with here.desk.listen("sue", last) as final:
            pieces += await told_until_mark(final, "sue")
        await moving
        whole = await told_until_mark(stream, "sue")
    assert pieces == whole


async def test_a_heartbeat_moves_the_place_on(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        await here.owner.decide(was.PresenceChanged("ben", "away", NOW_MS))
        async with asyncio.timeout(10):
            while f"id: {here.owner.partition_end}." not in await stream.block():
                pass
    assert stream.response.headers["X-Accel-Buffering"] == "no"
    assert stream.response.headers["Content-Type"] == "text/event-stream"


@pytest.mark.parametrize("last", ["nonsense", "1.2.3", "-5.0.0.0"])
async def test_who_cannot_be_brought_up_to_date_is_told_to_read_anew(
    empty_redis: str, last: str
) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana", last) as stream:
        reset = await stream.next()
        await mark(here)
        told = await told_until_mark(stream, "ana")
    assert reset.name == "reset"
    assert told[-1].name == "presence"


async def test_streams_are_sent_away_when_the_process_stops(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana") as stream:
        here.stop.set()
        drain = await stream.until("drain")
        await stream.ended()
    assert 500 <= drain.data["retry_ms"] <= 5000
    assert f"retry: {drain.data['retry_ms']}".encode() in stream.raw


async def test_a_stream_ends_with_its_token(empty_redis: str) -> None:
    clock = FastClock()
    async with office(empty_redis, clock=clock) as here, here.desk.listen("ana") as stream:
        clock.later(hours=8)
        expired = await stream.until("expired")
        await stream.ended()
    assert expired.data == {"reason": "Sign in again."}


async def test_streams_live_on_while_redis_is_away(redis_server: RedisServer) -> None:
    async with office(redis_server.url) as here:
        await offer(here)
        await here.shown()
        async with here.desk.listen("ana") as stream:
            redis_server.kill()
            await here.owner.decide(*accepted())
            assigned = await stream.until("assigned")
            await here.owner.decide(offered("cnv_9"))
            await stream.until("offer")
    assert assigned.data["conversation"] == "cnv_1"


async def test_in_doubt_whose_it_is_everybody_is_told(redis_server: RedisServer) -> None:
    async with office(redis_server.url) as here, here.desk.listen("ana") as stream:
        redis_server.kill()
        await here.owner.decide(was.Attached("cnv_unknown", "wa:x", "message", NOW_MS))
        told = await stream.until("message")
    assert told.data["conversation"] == "cnv_unknown"


C = TypeVar("C", LosePresence, ResumePresence)


async def reported(here: Office, kind: type[C]) -> C:
    """The first command of this kind."""
    async with asyncio.timeout(20):
        while not (found := [c for _, c in here.engine.asked if isinstance(c, kind)]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found[0]


async def test_an_agent_whose_stream_is_gone_is_reported(empty_redis: str) -> None:
    async with office(empty_redis, lease_seconds=1) as here:
        async with here.desk.listen("ana") as stream:
            session = stream.told[0].data["session"]
            await here.owner.decide(
                was.PresenceChanged("ana", "available", NOW_MS, session=session)
            )
            await here.shown()
        command = await reported(here, LosePresence)
    assert (command.actor, command.agent, command.session) == ("system", "ana", session)


def lost(agent: str, until: int) -> was.PresenceChanged:
    return was.PresenceChanged(agent, "offline", NOW_MS, "connection_lost", until=until, lost=True)


async def test_a_stream_that_opens_undoes_the_loss(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(lost("ana", NOW_MS + 10**12))
        await here.shown()
        async with here.desk.listen("ana") as stream:
            session = stream.told[0].data["session"]
            command = await reported(here, ResumePresence)
    assert (command.actor, command.agent, command.session) == ("system", "ana", session)


async def test_a_loss_reported_over_an_open_stream_is_undone(empty_redis: str) -> None:
    """Somebody believed the stream to be gone while it opened."""
    async with office(empty_redis, lease_seconds=1) as here, here.desk.listen("ana") as stream:
        session = stream.told[0].data["session"]
        await here.owner.decide(lost("ana", NOW_MS + 10**12))
        command = await reported(here, ResumePresence)
    assert (command.agent, command.session) == ("ana", session)


async def test_a_stream_undoes_no_sign_out(empty_redis: str) -> None:
    async with office(empty_redis, lease_seconds=1) as here:
        await here.owner.decide(was.PresenceChanged("ana", "offline", NOW_MS))
        await here.owner.decide(was.PresenceChanged("ben", "away", NOW_MS, session="old"))
        await here.shown()
        async with here.desk.listen("ana"):
            await reported(here, LosePresence)
    assert {command.agent for _, command in here.engine.asked} == {"ben"}


async def test_a_reconnect_in_time_keeps_the_session_and_the_presence(empty_redis: str) -> None:
    async with office(empty_redis, lease_seconds=1) as here:
        async with here.desk.listen("ana") as first:
            session = first.told[0].data["session"]
        async with here.desk.listen("ana") as second:
            again = second.told[0].data["session"]
            await here.owner.decide(
                was.PresenceChanged("ana", "available", NOW_MS, session=session)
            )
            async with here.desk.listen("ben"):
                await here.owner.decide(was.PresenceChanged("ben", "away", NOW_MS, session="old"))
                await here.shown()
            command = await reported(here, LosePresence)
    assert again == session
    assert command.agent == "ben"


async def test_two_streams_of_one_agent_are_one_presence(empty_redis: str) -> None:
    async with (
        office(empty_redis) as here,
        here.desk.listen("ana") as first,
        here.desk.listen("ana") as second,
    ):
        await here.owner.decide(opened(), queued(), offered())
        told = [(await stream.until("offer")).data for stream in (first, second)]
    assert first.told[0].data["session"] == second.told[0].data["session"]
    assert told[0] == told[1]


async def test_one_agent_cannot_take_all_connections(empty_redis: str) -> None:
    async with office(empty_redis) as here, AsyncExitStack() as streams:
        for _ in range(20):
            await streams.enter_async_context(here.desk.listen("ana"))
        refused = await here.desk.call("GET", "/v1/events", "ana")
        async with here.desk.listen("ben") as other:
            assert other.told[0].name == "ready"
    assert (refused.status, refused.body["code"]) == (429, "too_many")


async def test_a_lost_lease_alone_sets_nobody_offline(empty_redis: str) -> None:
    """An emptied Redis takes all leases; streams renew theirs before anybody believes it."""
    async with office(empty_redis, lease_seconds=1) as here, here.desk.listen("ana") as stream:
        session = stream.told[0].data["session"]
        await here.owner.decide(was.PresenceChanged("ana", "available", NOW_MS, session=session))
        await here.owner.decide(was.PresenceChanged("ben", "available", NOW_MS, session="gone"))
        await here.shown()
        await here.redis.flushall()
        command = await reported(here, LosePresence)
        lease = await here.redis.get(Keys(SHOP).lease("ana"))
    assert command.agent == "ben"
    assert {c.agent for _, c in here.engine.asked} == {"ben"}
    assert lease == session
