"""What is shown of waits ahead: places, expected times, how good those have been, opening hours."""

from typing import Any

import pytest

from shared.config.models import Config
from shared.estimate import quantiles
from shared.events import routing as was
from shared.rules import Hours, Queue
from tests.router.desk import office
from tests.router.owner import NOW_MS
from tests.router.shop import shop

GAP_MS, KNOWN = 30_000, 20


def opened(name: str) -> was.Opened:
    return was.Opened(name, f"k-{name}", "whatsapp", "wa", "49", "Ada", {}, NOW_MS)


def queued(name: str, due: int) -> was.Queued:
    return was.Queued(name, "care", "normal", {}, due, NOW_MS, "new")


def estimated(name: str) -> was.Estimated:
    p50, p90 = quantiles(2, GAP_MS, KNOWN)
    return was.Estimated(name, "lin_1", NOW_MS, 2, 2, "class_departures", GAP_MS, KNOWN, p50, p90)


def expected(place: int) -> dict[str, Any]:
    p50, p90 = quantiles(place, GAP_MS, KNOWN)
    return {
        "p50_seconds": p50 / 1000,
        "p90_seconds": p90 / 1000,
        "model": "class_departures",
        "as_of": "2026-03-04T12:00:00Z",
    }


async def test_who_waits_has_a_place_and_an_expected_wait(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(opened("cnv_1"), queued("cnv_1", NOW_MS + 1))
        await here.owner.decide(opened("cnv_2"), queued("cnv_2", NOW_MS + 2), estimated("cnv_2"))
        await here.shown()
        first = await here.desk.call("GET", "/v1/conversations/cnv_1", "sue")
        second = await here.desk.call("GET", "/v1/conversations/cnv_2", "sue")
        queues = await here.desk.call("GET", "/v1/queues", "sue")
        published = await here.desk.call("GET", "/v1/wait-times/shop")
    assert first.body["wait"] == {"position": 1, "expected": expected(1)}
    assert second.body["wait"] == {"position": 2, "expected": expected(2)}
    care, sales = queues.body["queues"]
    assert care["expected"] == {"whatsapp": expected(3)}
    assert (sales["expected"], sales["estimates"]) == ({}, {})
    assert published.body["channels"]["whatsapp"]["expected"] == {"care": expected(3)}
    assert published.body["channels"]["phone"]["expected"] == {}


async def test_without_data_nothing_is_said(empty_redis: str) -> None:
    """Where one stands, and no more."""
    async with office(empty_redis) as here:
        await here.owner.decide(opened("cnv_1"), queued("cnv_1", NOW_MS))
        await here.shown()
        got = await here.desk.call("GET", "/v1/conversations/cnv_1", "sue")
        queues = await here.desk.call("GET", "/v1/queues", "sue")
    assert got.body["wait"] == {"position": 1, "expected": None}
    assert queues.body["queues"][0]["expected"] == {}


async def test_how_estimates_turned_out_is_shown(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(opened("cnv_2"), queued("cnv_2", NOW_MS), estimated("cnv_2"))
        await here.owner.decide(was.Assigned("cnv_2", "ana", NOW_MS + 1000))
        await here.shown()
        queues = await here.desk.call("GET", "/v1/queues", "sue")
        got = await here.desk.call("GET", "/v1/conversations/cnv_2", "sue")
    assert queues.body["queues"][0]["estimates"] == {
        "whatsapp": {"judged": 1, "within_p50": 1, "within_p90": 1, "unknown": 0}
    }
    assert got.body["wait"] is None


def with_hours(hours: Hours) -> Config:
    config = shop()
    known = config.workspaces["shop"]
    queues = known.rules.queues | {"care": Queue(hours="day")}
    rules = known.rules.model_copy(update={"queues": queues, "hours": {"day": hours}})
    changed = known.model_copy(update={"rules": rules})
    return config.model_copy(update={"workspaces": {**config.workspaces, "shop": changed}})


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        (("09:00-17:00",), (True, "2026-03-04T16:00:00Z")),
        (("18:00-20:00",), (False, "2026-03-04T17:00:00Z")),
    ],
    ids=["open", "closed"],
)
async def test_a_queue_says_whether_it_is_open(
    empty_redis: str, spans: tuple[str, ...], shown: tuple[bool, str]
) -> None:
    """By the rules in force, in its own time zone; one without hours is always open."""
    config = with_hours(Hours(time_zone="Europe/Berlin", open={"wed": spans}))
    async with office(empty_redis, config=config) as here:
        await here.shown()
        got = await here.desk.call("GET", "/v1/queues", "sue")
    care, sales = got.body["queues"]
    assert (care["open"], care["turns_at"]) == shown
    assert (sales["open"], sales["turns_at"]) == (True, None)
