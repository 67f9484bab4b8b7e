"""What is told, when, and to whom it is not."""

from datetime import UTC, datetime, timedelta

from shared.config.models import QuietHours, Template, TemplateText
from shared.events.commerce import Consent
from tests.platform.alerting import CONTACT, LATE, parcel, said, shop
from tests.platform.alerts.conftest import World
from tests.platform.notifying import running_notifier


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


async def test_one_customer_is_not_told_about_two_orders_at_once(world: World) -> None:
    other = parcel(LATE, shipment="1Z78", order="78")
    async with world.running(gap_hours=24):
        await world.shop.tell(parcel(LATE))
        await world.shop.sent()
        await world.shop.tell(other, key="acme/order/78")
        await world.shop.plans(2)

    assert len(await world.shop.events("outbound")) == 1


async def test_a_template_that_cannot_be_filled_in_ends_the_alert_with_the_reason(
    world: World,
) -> None:
    config = shop(world.provider.url, template="broken")
    broken = Template(languages={"en": TemplateText(text="{{ 1 / 0 }}")})
    config.workspaces["acme"].templates["broken"] = broken
    async with running_notifier(world.log, world.redis_url, config):
        await world.shop.tell(parcel(LATE))
        (end,) = await world.shop.ends()

    assert (end.how, end.reason) == ("not_allowed", "template broken: ZeroDivisionError")


async def test_a_parcel_that_does_not_come_is_late_without_any_news(world: World) -> None:
    overdue = datetime.now(UTC).date() - timedelta(days=2)
    async with world.running():
        await world.shop.tell(parcel(None, promised=overdue))
        (sent,) = await world.shop.sent()

    assert sent.alert is not None
    assert (sent.alert.rule, sent.alert.shipment) == ("late-parcel", "1Z77")


async def test_facts_of_a_shop_nobody_has_are_left_alone(world: World) -> None:
    async with world.running():
        await world.shop.tell(parcel(LATE, workspace="gone"), key="gone/order/77")
        await world.shop.tell(parcel(LATE))
        await world.shop.sent()

    assert {sent.workspace for sent in await world.shop.events("outbound")} == {"acme"}
