"""Closing a conversation over what its agent has read."""

from shared.events.commands import Close
from shared.events.routing import Refused
from tests.router.desk import office
from tests.router.scenes import hold


async def test_how_far_the_agent_has_read_reaches_the_engine(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        timeline = await here.desk.call("GET", "/v1/conversations/cnv_1/timeline", "ana")
        (seen,) = [e["id"] for e in timeline.body["entries"] if e["type"] == "customer"]
        got = await here.desk.post("/v1/conversations/cnv_1/close", "ana", {"seen": seen})
        assert got.status == 200
        (close,) = [asked for _, asked in here.engine.asked if isinstance(asked, Close)]
        assert close.seen == seen


async def test_a_message_that_came_meanwhile_is_told(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        here.engine.answer = lambda _command: [Refused("conflict", "He has written again.")]
        got = await here.desk.post("/v1/conversations/cnv_1/close", "ana", {"seen": "wa:1"})
        assert (got.status, got.body["code"]) == (409, "conflict")
