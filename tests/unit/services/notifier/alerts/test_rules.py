"""Which facts are told, from the records of one order in whatever order they come."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifier.alerts.facts import Story
from services.notifier.alerts.rules import Fact, current, facts, may_tell_more
from shared.config.models import AlertRule
from shared.events.alerts import AlertPlanned, AlertReported, AlertSettled
from shared.events.commerce import Contact, OrderChanged, ShipmentChanged, StockChanged
from shared.events.outbound import OutboundMessage
from tests.unit.services.notifier.case_files import table

_CLASSES: dict[str, Any] = {
    "shipment": ShipmentChanged,
    "order": OrderChanged,
    "stock": StockChanged,
}
NOW = datetime.fromisoformat("2026-05-10T12:00:00Z")


def _zones(_contact: Contact) -> tuple[str, ...]:
    return ("UTC",)


def planned(fact: Fact, step: int = 0) -> AlertPlanned:
    """The plan of one step for a fact."""
    message = OutboundMessage(
        id=f"msg_{fact.alert}_{step}",
        workspace="acme",
        channel="c",
        account=f"account-{step}",
        conversation_key="k",
        kind="alert",
        to="t",
        written_at=NOW,
    )
    return AlertPlanned(
        workspace="acme",
        alert=fact.alert,
        rule=fact.rule,
        subject=fact.subject,
        contact="c",
        step=step,
        due=NOW,
        announced=fact.announced,
        message=message,
        planned_at=NOW,
    )


def _tell(story: Story, record: dict[str, Any], rule: AlertRule, now: datetime) -> None:
    """An alert was made of what the rule found so far, and this became of it."""
    (fact,) = _news(story, rule, now)
    plan = planned(fact)
    story.apply(plan, 0)
    report = AlertReported(
        workspace="acme",
        alert=fact.alert,
        message_id=plan.message.id,
        outcome=record["outcome"],
    )
    story.apply(report, 0)


def _apply(story: Story, record: dict[str, Any], _rule: AlertRule, _now: datetime) -> None:
    story.apply(_CLASSES[record["type"]].model_validate(record), 0)


def _news(story: Story, rule: AlertRule, now: datetime) -> list[Fact]:
    found = facts(story, "rule", rule, _zones, now)
    return [fact for fact in found if fact.alert not in story.alerts]


@pytest.mark.parametrize("case", table("rules"))
def test_rules(case: dict[str, Any]) -> None:
    rule = AlertRule.model_validate(case["rule"])
    now = datetime.fromisoformat(case["now"])
    story = Story("acme", 0)
    for record in case["records"]:
        {"told": _tell}.get(record["type"], _apply)(story, record, rule, now)

    found = _news(story, rule, now)

    announced = [str(f.announced) if f.announced else None for f in found]
    assert [list(p) for p in zip([f.subject for f in found], announced, strict=True)] == (
        case["expect"]
    )


def _late(days: int, hour: int = 8, state: str = "in_transit") -> ShipmentChanged:
    return ShipmentChanged.model_validate(
        {
            "id": f"e{days}{hour}",
            "workspace": "acme",
            "source": "s",
            "shipment": "Z",
            "state": state,
            "promised": "2026-05-12",
            "expected": f"2026-05-{12 + days}",
            "contact": {"id": "c"},
            "occurred_at": NOW - timedelta(hours=24 - hour),
        }
    )


RULE = AlertRule(when="shipment_delayed", template="t", channels=("wa",), most_per_shipment=2)


def test_the_same_fact_has_the_same_name_and_another_has_another() -> None:
    story, other = Story("acme", 0), Story("acme", 0)
    story.apply(_late(2), 0)
    other.apply(_late(3), 0)
    names = [_news(each, RULE, NOW)[0].alert for each in (story, story, other)]

    assert names[0] == names[1] != names[2]


def test_an_alert_that_waits_is_no_longer_true_when_the_date_moves() -> None:
    story = Story("acme", 0)
    story.apply(_late(2), 0)
    (fact,) = _news(story, RULE, NOW)
    story.apply(planned(fact), 0)
    alert = story.alerts[fact.alert]
    before = current(story, alert, RULE, _zones, NOW)
    story.apply(_late(4, hour=9), 0)

    assert before == fact
    assert current(story, alert, RULE, _zones, NOW) is None
    assert [found.announced for found in _news(story, RULE, NOW)] == [_late(4).expected]


def test_what_was_withdrawn_before_anybody_heard_may_come_true_again() -> None:
    story = Story("acme", 0)
    story.apply(_late(2), 0)
    (fact,) = _news(story, RULE, NOW)
    story.apply(planned(fact), 0)
    end = AlertSettled(
        workspace="acme",
        alert=fact.alert,
        rule=fact.rule,
        subject=fact.subject,
        contact="c",
        how="withdrawn",
        settled_at=NOW,
    )
    story.apply(end, 0)

    (again,) = _news(story, RULE, NOW)
    assert again.alert != fact.alert
    assert (again.subject, again.announced) == (fact.subject, fact.announced)


def test_there_is_an_end_to_messages_about_one_parcel() -> None:
    story = Story("acme", 0)
    allowed = []
    for days in (2, 4, 6):
        story.apply(_late(days, hour=days), 0)
        (fact,) = _news(story, RULE, NOW)
        allowed.append(may_tell_more(story, "rule", RULE, fact.subject))
        plan = planned(fact)
        story.apply(plan, 0)
        story.apply(
            AlertReported(
                workspace="acme",
                alert=fact.alert,
                message_id=plan.message.id,
                outcome="accepted",
            ),
            0,
        )

    assert allowed == [True, True, False]
