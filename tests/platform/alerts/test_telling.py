"""A late parcel is told on the channel that is allowed, or the next one."""

from typing import Any

import orjson
import pytest
from aiohttp import web

from shared.events.commands import NoteAlert
from tests.platform.alerting import LATE, NUMBER, parcel, said
from tests.platform.alerts.conftest import World


async def test_a_delay_is_told_in_the_customers_language(world: World) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()
        await world.shop.end(sent)

    (call,) = world.provider.seen
    assert call["to"] == NUMBER
    assert call["template"]["name"] == "late"
    assert call["template"]["language"] == {"code": "de"}
    texts = [p["text"] for p in call["template"]["components"][0]["parameters"]]
    assert texts == ["1Z77", "15. Mai 2026"]
    assert sent.text == "Paket 1Z77 kommt am 15. Mai 2026, Ada."


async def test_inside_the_window_the_text_goes_out_as_it_is(world: World) -> None:
    async with world.running():
        await world.shop.hear(said("Hello"))
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()
        await world.shop.end(sent)

    (call,) = world.provider.seen
    assert (call["template"], call["text"]) == (None, sent.text)


async def test_the_queue_learns_of_the_order_before_the_customer_can_answer(world: World) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()

    (note,) = [e for e in await world.shop.events("commands") if isinstance(e, NoteAlert)]
    assert note.conversation_key == sent.conversation_key == said("x").conversation_key
    assert (note.rule, note.order) == ("late-parcel", "77")
    assert note.context["expected"] == "2026-05-15"


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": 131026, "message": "undeliverable"}},
        {"error": {"code": 132001, "message": "no such template"}},
        {"error": {"code": 131047, "message": "window"}},
    ],
    ids=["unreachable", "template missing", "window closed"],
)
async def test_what_cannot_be_delivered_takes_the_next_channel(
    world: World, error: dict[str, Any]
) -> None:
    async def refuse(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=400, body=orjson.dumps(error))

    world.provider.script.append(refuse)
    async with world.running():
        await world.shop.tell(parcel(LATE))
        _, second = await world.shop.sent(2)
        await world.shop.end(second)

    assert world.reached() == ["wa", "steady"]
    first_plan, second_plan = await world.shop.plans(2)
    assert first_plan.message.alert is not None
    assert first_plan.message.alert.ladder == ("steady",)
    assert second_plan.step == 1


async def test_a_failed_receipt_takes_the_next_channel(world: World) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()
        await world.shop.delivered(sent, "failed")
        await world.shop.sent(2)

    assert [plan.message.account for plan in await world.shop.plans(2)] == ["wa", "steady"]


async def test_silence_takes_the_next_channel(world: World) -> None:
    async with world.running(fallback_minutes=0.005):
        await world.shop.tell(parcel(LATE))
        await world.shop.sent(2)

    assert [plan.message.account for plan in await world.shop.plans(2)] == ["wa", "steady"]


async def test_a_delivered_alert_is_over(world: World) -> None:
    async with world.running(fallback_minutes=0.005):
        await world.shop.hear(said("Hello"))
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()
        await world.shop.delivered(sent, "read")
        (end,) = await world.shop.ends()

    assert end.how == "delivered"
    assert len(await world.shop.events("outbound")) == 1
