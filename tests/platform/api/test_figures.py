"""Figures over the API: waits by all six formulas, occupancy, and what a queue keeps."""

from typing import Any

import pytest

from shared.events import routing as was
from shared.figures.service_level import FORMULAS
from tests.router.desk import Office, office
from tests.router.owner import NOW_MS
from tests.router.scenes import opened, queued
from tests.router.viewing import FastClock

MINUTE = 60_000


async def _answered_after(here: Office, name: str, seconds: int, *, by: str = "ana") -> None:
    """It arrived so long ago; it is accepted now."""
    at = NOW_MS - seconds * 1000
    began = was.Opened(name, name, "whatsapp", "wa", "+49", "Nadia", {}, at)
    waits = was.Queued(name, "care", "normal", {}, at, at, "new", "all")
    await here.owner.decide(began, waits)
    await here.owner.decide(was.Assigned(name, by, NOW_MS))


async def _abandoned_after(here: Office, name: str, seconds: int) -> None:
    at = NOW_MS - seconds * 1000
    began = was.Opened(name, name, "phone", "line", "+49", "Nadia", {}, at)
    waits = was.Queued(name, "care", "normal", {}, at, at, "new", "all")
    await here.owner.decide(began, waits)
    await here.owner.decide(was.Closed(name, "customer", NOW_MS, "abandoned"))


async def _busy_hour(here: Office) -> None:
    """The target of the queue is 60 seconds; less than 5 is a short abandon."""
    for number, seconds in enumerate((10, 50, 60, 90)):
        await _answered_after(here, f"cnv_a{number}", seconds)
    for number, seconds in enumerate((2, 30, 300)):
        await _abandoned_after(here, f"cnv_b{number}", seconds)


async def _asked(here: Office, query: str = "", who: str = "sue") -> Any:
    got = await here.desk.call("GET", f"/v1/figures{query}", who)
    assert got.status == 200
    return got.body


async def test_waits_by_queue_and_all_six_formulas(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await _busy_hour(here)
        await here.shown()
        found = await _asked(here)
    (row,) = found["rows"]
    counts = ("arrived", "offered", "answered", "answered_in_target", "abandoned")
    assert [row[count] for count in counts] == [7, 7, 4, 3, 3]
    assert (row["abandoned_in_target"], row["abandoned_short"]) == (2, 1)
    assert (row["name"], row["formula"]) == ("care", "abandons_missed")
    assert row["service_level"] == row["service_levels"]["abandons_missed"]
    assert [row["service_levels"][formula] for formula in FORMULAS] == pytest.approx(
        [5 / 7, 3 / 4, 3 / 7, 3 / 5, 4 / 7, 3 / 6]
    )
    assert row["mean_wait_seconds"] == pytest.approx(52.5)
    assert row["abandonment"] == pytest.approx(3 / 7)
    assert sum(bucket["answered"] for bucket in row["waits"]) == 4


async def test_by_channel_and_class(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await _busy_hour(here)
        await here.shown()
        by = {name: (await _asked(here, f"?by={name}"))["rows"] for name in ("channel", "class")}
        everything = (await _asked(here, "?by=all"))["rows"]
    assert [(row["name"], row["offered"]) for row in by["channel"]] == [
        ("phone", 3),
        ("whatsapp", 4),
    ]
    assert [(row["name"], row["offered"]) for row in by["class"]] == [("normal", 7)]
    assert [(row["name"], row["offered"]) for row in everything] == [("all", 7)]


async def test_interval_by_interval(empty_redis: str) -> None:
    query = "?each=interval&since=2026-03-04T11:45:00Z&until=2026-03-04T12:15:00Z"
    async with office(empty_redis) as here:
        await _answered_after(here, "cnv_1", 5)
        await here.shown()
        found = await _asked(here, query)
    assert [row["start"] for row in found["rows"]] == ["2026-03-04T12:00:00Z"]
    assert [one["start"] for one in found["occupancy_by_interval"]] == [
        "2026-03-04T11:45:00Z",
        "2026-03-04T12:00:00Z",
    ]


async def test_occupancy_counts_what_goes_on_now(empty_redis: str) -> None:
    """Nothing has happened to them since: one with a conversation, one without."""
    clock = FastClock()
    async with office(empty_redis, clock=clock) as here:
        await here.owner.decide(was.PresenceChanged("ana", "available", NOW_MS))
        await here.owner.decide(was.PresenceChanged("ben", "available", NOW_MS))
        await here.owner.decide(opened(), queued(), was.Assigned("cnv_1", "ana", NOW_MS))
        await here.shown()
        clock.later(minutes=6)
        found = (await _asked(here))["occupancy"]
    assert found["by_head"] == pytest.approx(0.5)
    assert found["agent_hours"] == pytest.approx(0.2)


async def test_a_queue_shows_what_it_promises_and_keeps(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await _busy_hour(here)
        await here.shown()
        got = await here.desk.call("GET", "/v1/queues", "ana")
    care, sales = [queue["service_level"] for queue in got.body["queues"]]
    assert (care["percent"], care["seconds"], care["formula"]) == (80, 60, "abandons_missed")
    assert (care["offered"], care["reached"]) == (7, pytest.approx(3 / 7))
    assert care["levels"]["answered_only"] == pytest.approx(3 / 4)
    assert (sales["offered"], sales["reached"]) == (0, None)


async def test_an_empty_time_has_no_rows(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        found = await _asked(here)
    assert (found["rows"], found["occupancy"]["by_head"]) == ([], None)


@pytest.mark.parametrize(
    "query",
    [
        "?since=2026-03-04T12:00:00Z&until=2026-03-01T12:00:00Z",
        "?since=2026-01-01T00:00:00Z",
        "?since=yesterday",
        "?by=agent",
    ],
    ids=["backwards", "too long", "no time", "no such split"],
)
async def test_what_cannot_be_shown(empty_redis: str, query: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("GET", f"/v1/figures{query}", "sue")
    assert (got.status, got.body["code"]) == (422, "invalid")


async def test_figures_are_for_who_leads(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("GET", "/v1/figures", "ana")
    assert (got.status, got.body["code"]) == (403, "forbidden")
