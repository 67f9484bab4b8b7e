"""The view shows what the log says, whatever happens to Redis and to the view itself (I9, I10)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from patchbay.stack import RedisServer
from services.router.view.digest import Comparison, compare
from shared.cache import open_cache
from shared.events import routing as was
from shared.log import Entry, Log
from shared.sqlite import SqliteLog
from shared.topics import TOPICS
from shared.views.documents import Conversation
from shared.views.keys import Keys
from tests.router.owner import NOW_MS, Owner, said
from tests.router.stories import Story
from tests.router.viewing import KEEP_MS, caught_up, viewing

SHARDS = 2
SHOP = "shop"


@asynccontextmanager
async def parts(url: str) -> AsyncIterator[tuple[Log, "Redis", Owner]]:
    redis = open_cache(url, timeout=0.5)
    async with redis, SqliteLog(":memory:") as log, log.sink() as sink:
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        owner = Owner(sink, SHOP, SHARDS)
        await owner.own()
        yield log, redis, owner


async def held_against_the_log(log: Log, redis: "Redis", workspace: str = SHOP) -> Comparison:
    await caught_up(log, redis, workspace, SHARDS)
    return await compare(redis, log, workspace, SHARDS, KEEP_MS, NOW_MS)


@given(seed=st.integers(0, 2**32), faults=st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
async def test_any_story_with_any_faults_ends_as_a_fresh_fold(
    redis_url: str, seed: int, faults: list[int]
) -> None:
    """Redis is emptied, answers do not arrive, the view restarts, between any two moves."""
    async with parts(redis_url) as (log, redis, owner):
        await redis.flushall()
        story, trouble = Story(owner, SHOP, Random(seed)), Random(seed)
        done = 0
        for until in [*sorted(faults), 60]:
            async with viewing(log, redis, SHOP, trouble=trouble):
                for _ in range(done, until):
                    await story.move()
                await trouble.choice((redis.flushall, redis.ping))()
            done = until
        async with viewing(log, redis, SHOP):
            found = await held_against_the_log(log, redis)
    assert found.differing == ()
    assert found.view == found.fold


async def test_the_digest_tells_a_wrong_view(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner):
        await Story(owner, SHOP, Random(1)).move()
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP):
            await caught_up(log, redis, SHOP, SHARDS)
            await redis.set(Keys(SHOP).agent("ana"), '{"id":"ana","state":"away"}')
            found = await compare(redis, log, SHOP, SHARDS, KEEP_MS, NOW_MS)
    assert found.differing == (Keys(SHOP).agent("ana"),)
    assert found.view != found.fold


async def test_two_members_share_the_work(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner):
        story = Story(owner, SHOP, Random(2))
        async with viewing(log, redis, SHOP), viewing(log, redis, SHOP):
            for _ in range(80):
                await story.move()
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


async def test_an_emptied_redis_is_noticed_without_any_traffic(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner):
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP):
            await caught_up(log, redis, SHOP, SHARDS)
            await redis.flushall()
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


@asynccontextmanager
async def two_workspaces(url: str) -> AsyncIterator[tuple[Log, "Redis"]]:
    """Both in one shard, with an agent each, and their views begun."""
    async with parts(url) as (log, redis, owner), log.sink() as sink:
        other = Owner(sink, "other", SHARDS)
        assert other.partition == owner.partition
        other.epoch = owner.epoch
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        other.seq = owner.seq
        await other.decide(was.PresenceChanged("ben", "available", NOW_MS))
        async with viewing(log, redis, SHOP, "other"):
            await caught_up(log, redis, SHOP, SHARDS)
            await caught_up(log, redis, "other", SHARDS)
            yield log, redis


async def test_one_lost_workspace_is_rebuilt_and_another_stays(empty_redis: str) -> None:
    async with two_workspaces(empty_redis) as (log, redis):
        await redis.delete(*[key async for key in redis.scan_iter(f"{Keys(SHOP).prefix}*")])
        mine = await held_against_the_log(log, redis)
        theirs = await held_against_the_log(log, redis, "other")
    assert (mine.differing, theirs.differing) == ((), ())


async def test_of_an_emptied_redis_every_workspace_is_rebuilt(empty_redis: str) -> None:
    async with two_workspaces(empty_redis) as (log, redis):
        await redis.flushall()
        mine = await held_against_the_log(log, redis)
        theirs = await held_against_the_log(log, redis, "other")
    assert (mine.differing, theirs.differing) == ((), ())


async def test_what_was_emptied_while_the_view_was_down_is_rebuilt(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner):
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP, "other"):
            await caught_up(log, redis, SHOP, SHARDS)
        await redis.flushall()
        async with viewing(log, redis, "other", SHOP):
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


async def test_a_redis_that_went_back_in_time_is_brought_forward(
    redis_server: RedisServer,
) -> None:
    """As after a failover to a replica that had not received the latest writes."""
    async with parts(redis_server.url) as (log, redis, owner):
        keys = Keys(SHOP)
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP):
            await caught_up(log, redis, SHOP, SHARDS)
            old_stamps = await redis.hgetall(keys.stamps())
            old_agent = await redis.get(keys.agent("ana"))
            await owner.decide(was.PresenceChanged("ana", "away", NOW_MS))
            await caught_up(log, redis, SHOP, SHARDS)
            pipe: Any = redis.pipeline(transaction=True)
            pipe.hset(keys.stamps(), mapping=old_stamps)
            pipe.set(keys.agent("ana"), old_agent)
            await pipe.execute()
            await owner.decide(was.PresenceChanged("ben", "away", NOW_MS))
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


async def test_nothing_is_lost_while_redis_is_away(redis_server: RedisServer) -> None:
    async with parts(redis_server.url) as (log, redis, owner):
        story = Story(owner, SHOP, Random(3))
        async with viewing(log, redis, SHOP) as worker:
            await story.move()
            await caught_up(log, redis, SHOP, SHARDS)
            healthy = worker.healthy_at
            redis_server.kill()
            for _ in range(40):
                await story.move()
            await redis_server.heal()
            found = await held_against_the_log(log, redis)
    assert found.differing == ()
    assert worker.healthy_at > healthy


async def test_a_view_that_starts_without_redis_begins_when_it_comes(
    redis_server: RedisServer,
) -> None:
    redis_server.kill()
    async with parts(redis_server.url) as (log, redis, owner):
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP):
            await owner.decide(was.PresenceChanged("ben", "available", NOW_MS))
            await redis_server.heal()
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


async def test_a_workspace_that_is_in_no_configuration_is_folded_too(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner), viewing(log, redis):
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        found = await held_against_the_log(log, redis)
    assert found.differing == ()


async def test_an_unreadable_record_stops_nothing(empty_redis: str) -> None:
    async with parts(empty_redis) as (log, redis, owner), log.sink() as sink:
        await sink.append(owner.partition, Entry(b"x", b"\xff not json"))
        await owner.receive(said(SHOP, "k", 1))
        await owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        async with viewing(log, redis, SHOP):
            found = await held_against_the_log(log, redis)
    assert found.differing == ()


@pytest.mark.parametrize(
    ("epoch", "seq"),
    [(0, 2), (1, 2), (2, 1), (2, 3), (3, 2)],
    ids=["unowned", "fenced", "seen", "after a gap", "not owned yet"],
)
async def test_a_void_decision_is_not_shown(empty_redis: str, epoch: int, seq: int) -> None:
    async with parts(empty_redis) as (log, redis, owner):
        opened = was.Opened("cnv_1", "k", "whatsapp", "wa", "a", "Nadia", {}, NOW_MS)
        await owner.decide(opened)
        await owner.own()
        async with viewing(log, redis, SHOP):
            await owner.record(epoch, seq, "late", was.Closed("cnv_1", "ana", NOW_MS))
            await caught_up(log, redis, SHOP, SHARDS)
            stored = await redis.get(Keys(SHOP).conversation("cnv_1"))
    assert Conversation.model_validate_json(str(stored)).state == "open"
