"""How long customers wait: what is published, and what a waiting caller is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.cache import open_cache
from shared.channels import WaitFacts
from shared.errors import CacheUnavailable
from shared.estimate import quantiles
from shared.events import routing as was
from shared.sqlite import SqliteLog
from shared.topics import TOPICS
from shared.views.documents import Answered, LinePace, Outlook, Waits
from shared.views.waits import (
    RECENT_MS,
    STALE_MS,
    Calibration,
    calibration,
    place_in_queue,
    published_waits,
    rest_of,
    typical_wait,
)
from tests.router.owner import NOW_MS, Owner
from tests.router.viewing import caught_up, viewing

SHARDS = 2
SHOP = "shop"


def answered(*waits: tuple[int, int]) -> Waits:
    return Waits(recent=[Answered(at=at, waited=waited) for at, waited in waits])


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        (answered(), (None, 0)),
        (answered((NOW_MS, 4000)), (4.0, 1)),
        (answered((NOW_MS, 4000), (NOW_MS, 8000)), (6.0, 2)),
        (answered((NOW_MS, 1000), (NOW_MS, 2000), (NOW_MS, 90_000)), (2.0, 3)),
        (answered((NOW_MS - RECENT_MS, 1000), (NOW_MS, 5000)), (5.0, 1)),
        (answered((NOW_MS - RECENT_MS, 1000), (NOW_MS - RECENT_MS, 3000)), (2.0, 2)),
    ],
    ids=["none", "one", "the middle of two", "one long wait", "an old one", "only old ones"],
)
def test_the_typical_wait(waits: Waits, expected: tuple[float | None, int]) -> None:
    assert typical_wait(waits, NOW_MS) == expected


def line(**changes: Any) -> LinePace:
    known = {
        "channel": "phone",
        "requires": {},
        "model": "class_departures",
        "gap_ms": 30_000,
        "known": 20,
        "position": 4,
        "place": 2,
        "at": NOW_MS,
    }
    return LinePace.model_validate(known | changes)


@pytest.mark.parametrize(
    ("found", "asked", "place"),
    [
        (line(), {"position": 4}, 2),
        (line(), {"position": 1}, 1),
        (line(), {"position": 8, "requires": {}}, 4),
        (line(), {"position": 4, "requires": {"german": 2}}, None),
        (line(), {"position": 4, "channel": "email"}, None),
        (line(at=NOW_MS - STALE_MS - 1), {"position": 4}, None),
    ],
    ids=["as measured", "further on", "further back", "other skills", "other channel", "stale"],
)
def test_the_rest_of_a_wait(found: LinePace, asked: dict[str, Any], place: int | None) -> None:
    """By the place in the line; nothing is said of another line, or from long ago."""
    outlook = Outlook(lines={"lin_1": found})

    rest = rest_of(outlook, **{"channel": "phone", "now": NOW_MS, **asked})

    said = None if rest is None else (round(rest.p50 * 1000), round(rest.p90 * 1000))
    assert said == (None if place is None else quantiles(place, 30_000, 20))


def test_a_closed_queue_says_nothing() -> None:
    outlook = Outlook(open=False, lines={"lin_1": line()})

    assert rest_of(outlook, "phone", 1, NOW_MS) is None


def test_how_estimates_turned_out() -> None:
    assert calibration("aabc-a-") == Calibration(judged=5, within_p50=3, within_p90=4, unknown=2)


def calls(name: str, due: int, waits_since: int = NOW_MS) -> list[object]:
    return [
        was.Opened(name, f"key-{name}", "phone", "line", "a", "", {}, waits_since),
        was.Queued(name, "care", "normal", {}, due, waits_since, "new"),
    ]


def said(place: int) -> WaitFacts:
    p50, p90 = quantiles(place, 30_000, 20)
    return WaitFacts(place, p50 / 1000, p90 / 1000)


@asynccontextmanager
async def queue(url: str) -> AsyncIterator[tuple["Redis", Owner]]:
    """Two callers wait, the first for 20 seconds; one was answered after a minute."""
    async with open_cache(url) as redis, SqliteLog(":memory:") as log, log.sink() as sink:
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        owner = Owner(sink, SHOP, SHARDS)
        await owner.own()
        await owner.decide(*calls("cnv_0", NOW_MS, NOW_MS - 60_000))
        await owner.decide(was.Assigned("cnv_0", "ana", NOW_MS))
        await owner.decide(*calls("cnv_2", NOW_MS + 2000))
        await owner.decide(*calls("cnv_1", NOW_MS + 1000, NOW_MS - 20_000))
        await owner.decide(
            was.Estimated(
                "cnv_2", "lin_1", NOW_MS, 2, 2, "class_departures", 30_000, 20, 50_000, 110_000
            )
        )
        async with viewing(log, redis, SHOP):
            await caught_up(log, redis, SHOP, SHARDS)
            yield redis, owner


@pytest.mark.parametrize(
    ("key", "later", "expected"),
    [
        ("key-cnv_1", 0, said(1)),
        ("key-cnv_2", 0, said(2)),
        ("key-cnv_1", STALE_MS + 1, WaitFacts(position=1)),
        ("key-cnv_0", 0, None),
        ("key-nobody", 0, None),
    ],
    ids=["the next", "the one after him", "too long ago", "answered", "unknown"],
)
async def test_a_waiting_caller_is_told_where_he_stands(
    empty_redis: str, key: str, later: int, expected: WaitFacts | None
) -> None:
    async with queue(empty_redis) as (redis, _):
        found = await place_in_queue(redis, SHOP, key, NOW_MS + later)
    assert found == expected


async def test_the_waits_of_a_channel_are_published(empty_redis: str) -> None:
    async with queue(empty_redis) as (redis, _):
        found = await published_waits(redis, SHOP, ["phone", "email"], ["care"], NOW_MS)
    phone, email = found["phone"], found["email"]
    assert (phone.waiting, phone.longest, phone.typical, phone.answers) == (2, 20.0, 60.0, 1)
    assert (email.waiting, email.longest, email.typical, email.answers) == (0, None, None, 0)
    p50, p90 = quantiles(3, 30_000, 20)
    assert (phone.queues["care"].p50, phone.queues["care"].p90) == (p50 / 1000, p90 / 1000)
    assert email.queues == {}


async def test_without_redis_nobody_knows() -> None:
    async with open_cache("redis://127.0.0.1:1/0", timeout=0.2) as redis:
        with pytest.raises(CacheUnavailable):
            await place_in_queue(redis, SHOP, "key", NOW_MS)
        with pytest.raises(CacheUnavailable):
            await published_waits(redis, SHOP, ["phone"], [], NOW_MS)
