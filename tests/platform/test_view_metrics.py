"""Every fact of the record is counted once as a metric, whatever happens to Redis and the view."""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.router.view.batch import Mine, read
from shared.figures.book import Book
from shared.log import Log, Partition
from shared.record import Fence
from shared.topics import ROUTING
from tests.platform.test_view import SHARDS, SHOP, held_against_the_log, parts
from tests.router.stories import Story
from tests.router.viewing import caught_up, viewing

_PATIENCE = 5
METRICS = {
    "patchbay_arrivals_total": "arrival",
    "patchbay_wait_seconds_count": "wait",
    "patchbay_queue_wait_seconds_count": "queue_wait",
    "patchbay_offer_seconds_count": "offer",
    "patchbay_handle_seconds_count": "handle",
    "patchbay_first_response_seconds_count": "first_response",
}


def _counted() -> Counter[str]:
    """What the metrics say, by measure."""
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    found: Counter[str] = Counter()
    for sample in samples:
        found[METRICS.get(sample.name, "")] += round(sample.value)
    del found[""]
    return found


async def _recorded(log: Log) -> Counter[str]:
    """What the record says, by measure."""
    partition = ROUTING.partition(SHOP, "", SHARDS)
    found, book = Counter[str](), Book()
    for item in await _decisions(log, partition):
        data = item.placed.data
        facts = book.take(data.events, data.at, item.placed.offset)
        found.update(fact.measure for fact in facts)
    return found & Counter(dict.fromkeys(METRICS.values(), 10**9))


async def _decisions(log: Log, partition: Partition) -> list[Mine]:
    begin, end = (await log.bounds([partition]))[partition]
    fence, found = Fence(), []
    async with log.read({partition: begin}) as source:
        while begin < end:
            records = await source.poll()
            begin = records[-1].offset + 1 if records else begin
            found += read(records, fence)
    return found


async def _counted_since(before: Counter[str], recorded: Counter[str]) -> Counter[str]:
    """What was counted, once it is as much as was recorded: what Redis gave no answer about is
    found out a moment later."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while (_counted() - before).total() < recorded.total():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    return _counted() - before


@given(seed=st.integers(0, 2**32), faults=st.lists(st.integers(0, 60), max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
async def test_each_fact_is_counted_once(redis_url: str, seed: int, faults: list[int]) -> None:
    """Redis is emptied and answers get lost while the view runs."""
    async with parts(redis_url) as (log, redis, owner):
        await redis.flushall()
        before = _counted()
        story, trouble = Story(owner, SHOP, Random(seed)), Random(seed)
        async with viewing(log, redis, SHOP, trouble=trouble):
            await caught_up(log, redis, SHOP, SHARDS)
            for move in range(60):
                await story.move()
                await (redis.flushall if move in faults else redis.ping)()
            await held_against_the_log(log, redis)
            recorded = await _recorded(log)
            assert await _counted_since(before, recorded) == recorded


@given(seed=st.integers(0, 2**32))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_restarted_view_counts_only_what_is_new(redis_url: str, seed: int) -> None:
    """Also when Redis was emptied while it was down."""
    async with parts(redis_url) as (log, redis, owner):
        await redis.flushall()
        before, story = _counted(), Story(owner, SHOP, Random(seed))
        for empty in (False, True, False):
            async with viewing(log, redis, SHOP):
                await caught_up(log, redis, SHOP, SHARDS)
                for _ in range(20):
                    await story.move()
                await held_against_the_log(log, redis)
                recorded = await _recorded(log)
                assert await _counted_since(before, recorded) == recorded
            await (redis.flushall if empty else redis.ping)()
