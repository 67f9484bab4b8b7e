"""A late parcel is told once, on the channel that is allowed, or the next one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web

from shared.config.models import QuietHours
from shared.events.alerts import AlertPlanned
from shared.events.base import Event
from shared.events.commands import NoteAlert
from shared.events.commerce import Consent
from shared.events.outbound import OutboundMessage
from shared.sqlite import SqliteLog
from tests.platform.alerting import CONTACT, LATE, NUMBER, Shop, parcel, said, shop
from tests.platform.notifying import (
    FakeProvider,
    MortalLog,
    fake_provider,
    memory_log,
    run_until_killed,
    running_notifier,
    scripted_channels,
)


@dataclass
class World:
    """Everything around a notifier."""

    log: SqliteLog
    shop: Shop
    provider: FakeProvider
    redis_url: str

    def running(self, **changes: Any) -> Any:
        """The notifier, with these changes of the alert rule."""
        return running_notifier(self.log, self.redis_url, shop(self.provider.url, **changes))

    def reached(self) -> list[str]:
        """The accounts that sent, in order."""
        return [body["account"] for body in self.provider.seen]


@pytest_asyncio.fixture
async def world(empty_redis: str) -> AsyncIterator[World]:
    with scripted_channels():
        async with memory_log() as log, fake_provider() as provider:
            yield World(log, Shop(log), provider, empty_redis)


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


async def test_the_same_fact_is_told_once(world: World) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE), parcel(LATE), parcel(LATE, "delayed"))
        (sent,) = await world.shop.sent()
        await world.shop.delivered(sent)
        await world.shop.ends()
        await world.shop.tell(parcel(LATE), parcel(LATE - timedelta(days=1)))
        await world.shop.tell(parcel(LATE + timedelta(days=2)))
        await world.shop.sent(2)

    plans = await world.shop.plans(2)
    assert [plan.announced for plan in plans] == [LATE, LATE + timedelta(days=2)]


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


async def test_an_answer_stops_the_ladder(world: World) -> None:
    async with world.running(fallback_minutes=0.02):
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()
        await world.shop.hear(said("Thank you"))
        (end,) = await world.shop.ends()

    assert (end.how, end.alert) == ("answered", sent.alert.id if sent.alert else None)
    assert len(await world.shop.events("outbound")) == 1


def night() -> QuietHours:
    """Quiet hours that it is in the middle of, in UTC."""
    now = datetime.now(UTC)
    return QuietHours(
        start=(now - timedelta(hours=2)).time(), end=(now + timedelta(hours=2)).time()
    )


async def test_by_night_it_waits_and_is_withdrawn_when_the_parcel_arrives(world: World) -> None:
    async with world.running(quiet_hours=night()):
        await world.shop.tell(parcel(LATE))
        (plan,) = await world.shop.plans()
        await world.shop.tell(parcel(LATE, "delivered"))
        (end,) = await world.shop.ends()

    assert plan.due > datetime.now(UTC) + timedelta(hours=1)
    assert end.how == "withdrawn"
    assert await world.shop.events("outbound") == []


async def test_by_night_a_later_date_replaces_the_one_that_waits(world: World) -> None:
    async with world.running(quiet_hours=night()):
        await world.shop.tell(parcel(LATE))
        await world.shop.plans()
        await world.shop.tell(parcel(LATE + timedelta(days=1)))
        await world.shop.plans(2)
        (end,) = await world.shop.ends()

    first, second = await world.shop.plans(2)
    assert (end.alert, end.how) == (first.alert, "withdrawn")
    assert second.announced == LATE + timedelta(days=1)


async def test_what_waits_for_the_morning_survives_a_restart(world: World) -> None:
    async with world.running(quiet_hours=night()):
        await world.shop.tell(parcel(LATE))
        (plan,) = await world.shop.plans()
    async with world.running():
        (sent,) = await world.shop.sent()

    assert sent.id == plan.message.id


async def test_without_consent_whatsapp_is_left_out(world: World) -> None:
    shy = CONTACT.model_copy(update={"consents": ()})
    async with world.running():
        await world.shop.tell(parcel(LATE, contact=shy))
        (sent,) = await world.shop.sent()

    assert sent.account == "steady"


async def test_nobody_is_told_who_refuses_every_channel(world: World) -> None:
    refused = tuple(Consent(channel=name, granted=False) for name in ("whatsapp", "steady"))
    async with world.running():
        await world.shop.tell(
            parcel(LATE, contact=CONTACT.model_copy(update={"consents": refused}))
        )
        (end,) = await world.shop.ends()

    assert (end.how, end.reason) == ("not_allowed", "wa: no_consent, steady: no_consent")


async def test_who_said_stop_is_not_written_to_on_that_channel(world: World) -> None:
    async with world.running():
        await world.shop.hear(said("STOP"))
        await world.shop.until(lambda: world.shop.events("preferences"))
        await world.shop.hear(said("one more question"))
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()

    assert sent.account == "steady"


async def test_a_stop_outlives_the_loss_of_redis(world: World, redis_server: Any) -> None:
    async with world.running():
        await world.shop.hear(said("STOP"))
        await world.shop.until(lambda: world.shop.events("preferences"))
    async with running_notifier(world.log, redis_server.url, shop(world.provider.url)):
        await world.shop.tell(parcel(LATE))
        (sent,) = await world.shop.sent()

    assert sent.account == "steady"


async def test_while_nothing_is_known_of_customers_alerts_wait(world: World) -> None:
    async with running_notifier(world.log, "redis://127.0.0.1:1/0", shop(world.provider.url)):
        await world.shop.tell(parcel(LATE))
        marker = OutboundMessage(
            id="msg_marker",
            workspace="acme",
            channel="steady",
            account="steady",
            conversation_key="k",
            to="someone",
            text="a reply",
            written_at=datetime.now(UTC),
        )
        await world.shop.send(marker)
        await world.shop.end(marker)
        assert await world.shop.events("outbound") == [marker]
    async with world.running():
        await world.shop.sent(2)

    assert world.reached()[0] == "steady"


async def test_one_customer_is_not_told_about_two_orders_at_once(world: World) -> None:
    other = parcel(LATE, shipment="1Z78", order="78")
    async with world.running(gap_hours=24):
        await world.shop.tell(parcel(LATE))
        await world.shop.sent()
        await world.shop.tell(other, key="acme/order/78")
        await world.shop.plans(2)

    assert len(await world.shop.events("outbound")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", [AlertPlanned, NoteAlert, OutboundMessage])
async def test_a_crash_anywhere_costs_no_alert_and_makes_none_twice(
    world: World, when: str, kind: type[Event]
) -> None:
    await world.shop.tell(parcel(LATE))
    mortal = MortalLog(world.log, when, kind)

    await run_until_killed(mortal, world.redis_url, shop(world.provider.url))
    async with world.running():
        (sent, *_) = await world.shop.sent()
        await world.shop.delivered(sent)
        await world.shop.ends()

    assert world.reached() == ["wa"]


async def test_two_that_both_believe_they_own_the_facts_send_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE, shipment="first"), key="acme/order/1")
        await world.shop.sent()
        monkeypatch.setattr("services.notifier.alerts.watch.GROUP", "zombie")
        async with world.running():
            orders = [f"{number}" for number in range(10, 20)]
            for order in orders:
                contact = CONTACT.model_copy(update={"id": order})
                fact = parcel(LATE, shipment=f"p{order}", order=order, contact=contact)
                await world.shop.tell(fact, key=f"acme/order/{order}")

            async def all_taken() -> bool:
                return len(world.provider.taken) == 11

            await world.shop.until(all_taken)

    assert set(world.provider.taken.values()) == {1}
    assert len(await world.shop.plans(11)) > 11  # both decided
