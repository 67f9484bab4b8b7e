"""Whatever dies or forgets, an alert is neither lost nor told twice."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.config.models import QuietHours
from shared.events.alerts import AlertPlanned
from shared.events.base import Event
from shared.events.commands import NoteAlert
from shared.events.outbound import OutboundMessage
from shared.log import Entry
from shared.topics import COMMERCE
from tests.platform.alerting import CONTACT, KEY, LATE, parcel, said, shop
from tests.platform.alerts.conftest import World
from tests.platform.dying import MortalLog, run_until_killed
from tests.platform.ingesting import FailingLog
from tests.platform.notifying import SHARDS, running_notifier


def night() -> QuietHours:
    """Quiet hours that it is in the middle of, in UTC."""
    now = datetime.now(UTC)
    return QuietHours(
        start=(now - timedelta(hours=2)).time(), end=(now + timedelta(hours=2)).time()
    )


async def test_what_waits_for_the_morning_survives_a_restart(world: World) -> None:
    async with world.running(quiet_hours=night()):
        await world.shop.tell(parcel(LATE))
        (plan,) = await world.shop.plans()
    async with world.running():
        (sent,) = await world.shop.sent()

    assert sent.id == plan.message.id


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


async def test_facts_that_come_while_the_log_takes_nothing_are_told_later(world: World) -> None:
    log = FailingLog(world.log)
    async with running_notifier(log, world.redis_url, shop(world.provider.url)):
        await world.shop.tell(parcel(LATE, shipment="first"), key="acme/order/1")
        await world.shop.sent()
        log.go_away(True)
        contact = CONTACT.model_copy(update={"id": "cst-2"})
        await world.shop.tell(parcel(LATE, contact=contact))
        await asyncio.sleep(0.3)
        log.go_away(False)
        await world.shop.sent(2)

    assert len(await world.shop.plans(2)) == 2


async def test_a_fact_that_cannot_be_read_is_buried_and_the_rest_goes_on(world: World) -> None:
    async with world.log.sink() as sink:
        await sink.append(COMMERCE.partition("acme", KEY, SHARDS), Entry(KEY.encode(), b"broken"))
    async with world.running():
        await world.shop.tell(parcel(LATE))
        await world.shop.sent()

    (letter,) = await world.shop.events("dead-letters")
    assert letter.reason == "undecodable"
