"""The message an alert becomes: where it goes, and where its answer comes back to."""

from datetime import date
from typing import Any

import pytest

from services.notifier.alerts.facts import Story
from services.notifier.alerts.ladder import Place, Rung
from services.notifier.alerts.planning import Draft, order_number, plan, values_of
from services.notifier.alerts.rules import Fact
from services.notifier.alerts.texts import Words
from shared.channels import Limits
from shared.config.templates import ALERT_VALUES
from shared.events.alerts import AlertPlanned
from shared.events.commerce import OrderChanged
from shared.ids import conversation_key
from tests.platform.alerting import CONTACT, LATE, parcel, rule, shop
from tests.unit.services.notifier.alerts.test_rules import NOW

FACT = Fact("alr_1", "late-parcel", "shipment/1Z77", CONTACT, LATE, 3)
WORDS = Words("de", "text", "subject", "spoken", {"whatsapp": "late"}, {"a": "b"})


def _story() -> Story:
    story = Story("acme", 0)
    story.apply(parcel(LATE, carrier="DHL", tracking_url="https://t.example/1"), 0)
    return story


def _plan(channel: str, address: str, *, template: bool = False) -> AlertPlanned:
    rung = Rung(Place("acc", channel, address, Limits(text=1)), template)
    draft = Draft("acme/order/77", FACT, rule(purpose="marketing"), rung, ("x",), 2, WORDS, NOW)
    return plan(shop("http://p.example"), _story(), draft, NOW)


def test_a_whatsapp_alert_is_on_the_thread_the_customer_writes_on() -> None:
    message = _plan("whatsapp", "+4915112345678", template=True).message

    assert message.conversation_key == conversation_key(b"i" * 32, "acme", "acc", "4915112345678")
    assert message.template is not None
    assert (message.template.name, message.template.language) == ("late", "de")
    assert message.text == "text"


def test_a_mail_begins_a_thread_of_its_own() -> None:
    message = _plan("email", "ada@example.com").message

    assert message.mail is not None
    assert (message.mail.subject, message.mail.in_reply_to) == ("subject", None)
    assert message.conversation_key == conversation_key(
        b"i" * 32, "acme", "acc", "alr_1", "ada@example.com"
    )


def test_a_call_reads_the_spoken_text() -> None:
    message = _plan("phone", "+4915112345678").message

    assert (message.text, message.kind, message.call) == ("spoken", "alert", None)


def test_the_plan_says_what_it_is_about() -> None:
    made = _plan("email", "a@b.c")
    alert = made.message.alert

    assert alert is not None
    assert (alert.order, alert.shipment, alert.purpose) == ("77", "1Z77", "marketing")
    assert (alert.customer, alert.ladder) == ("acme/order/77", ("x",))
    assert alert.context == {
        "shipment": "1Z77",
        "shipment_state": "in_transit",
        "carrier": "DHL",
        "promised": "2026-05-12",
        "expected": "2026-05-15",
    }
    assert (made.step, made.announced, made.contact) == (2, LATE, "cst-1")


def test_the_same_step_has_the_same_message() -> None:
    assert _plan("email", "a@b.c").message.id == _plan("email", "a@b.c").message.id


@pytest.mark.parametrize(("number", "shown"), [(None, "77"), ("#1077", "#1077")])
def test_the_order_as_the_customer_knows_it(number: str | None, shown: str) -> None:
    story = _story()
    values: dict[str, Any] = {"id": "o", "workspace": "acme", "source": "s", "order": "77"}
    story.apply(OrderChanged(**values, number=number, state="paid", occurred_at=NOW), 0)

    assert order_number(story, FACT) == shown


def test_what_a_template_may_use() -> None:
    values = values_of(_story(), FACT, "Acme")

    assert values["first_name"] == "Ada"
    assert values["expected"] == LATE
    assert values["promised"] == date(2026, 5, 12)
    assert (values["shop"], values["order"], values["shipment"]) == ("Acme", "77", "1Z77")
    assert (values["carrier"], values["tracking_url"]) == ("DHL", "https://t.example/1")
    assert values["days_late"] == 3


def test_a_configuration_is_checked_for_the_values_there_are() -> None:
    assert values_of(_story(), FACT, "Acme").keys() == ALERT_VALUES
