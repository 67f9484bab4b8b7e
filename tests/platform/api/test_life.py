"""What becomes of a conversation between its beginning and its end, over the API."""

from datetime import UTC, datetime

from shared.clock import milliseconds
from shared.events import routing as was
from shared.events.commands import Snooze, Wake
from tests.router.desk import SHOP, office
from tests.router.owner import NOW_MS
from tests.router.scenes import hold

ONE = "/v1/conversations/cnv_1"
MONDAY = datetime(2026, 3, 9, 8, tzinfo=UTC)


async def test_a_conversation_sleeps_and_wakes(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        here.engine.answer = lambda _command: [
            was.Snoozed("cnv_1", "ana", milliseconds(MONDAY), NOW_MS)
        ]
        asleep = await here.desk.post(f"{ONE}/snooze", "ana", {"until": MONDAY.isoformat()})
        held = await here.desk.call("GET", "/v1/me/conversations", "ana")
        here.engine.answer = lambda _command: [was.Woken("cnv_1", "ana", "agent", NOW_MS)]
        awake = await here.desk.post(f"{ONE}/wake", "ana")
        shown = await here.desk.call("GET", ONE, "ana")
    assert (asleep.status, awake.status) == (200, 200)
    assert held.body["held"][0]["snoozed_until"] == "2026-03-09T08:00:00Z"
    assert shown.body["snoozed_until"] is None
    assert [command for _, command in here.engine.asked] == [
        Snooze(workspace=SHOP, actor="ana", conversation="cnv_1", until=MONDAY),
        Wake(workspace=SHOP, actor="ana", conversation="cnv_1"),
    ]


async def test_a_time_without_a_zone_is_no_time(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post(f"{ONE}/snooze", "ana", {"until": "2026-03-09T08:00:00"})
    assert got.status == 422
    assert here.engine.asked == []
