"""The fold of an alert's own records: the first of each step counts, receipts add up."""

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.alerts.facts import Alert, Story
from services.notifier.alerts.rules import Fact
from services.notifier.alerts.shelf import Shelf
from shared.clock import milliseconds
from shared.events.alerts import AlertReported, AlertSettled
from shared.events.commerce import Contact
from tests.platform.alerting import LATE, parcel
from tests.unit.services.notifier.alerts.test_rules import NOW, planned

FACT = Fact("alr", "rule", "shipment/Z", Contact(id="c"))


def _report(step: int = 0, **changes: Any) -> AlertReported:
    return AlertReported(workspace="acme", alert="alr", message_id=f"msg_alr_{step}", **changes)


def _settled(how: Any = "delivered") -> AlertSettled:
    return AlertSettled(
        workspace="acme",
        alert="alr",
        rule="rule",
        subject="shipment/Z",
        contact="c",
        how=how,
        settled_at=NOW,
    )


def _alert(*records: Any) -> Alert:
    story = Story("acme", 0)
    for at, record in enumerate(records, start=1):
        story.apply(record, at)
    return story.alerts["alr"]


def test_of_two_plans_of_one_step_the_first_counts() -> None:
    other = planned(FACT)
    other = other.model_copy(update={"message": other.message.model_copy(update={"id": "other"})})

    assert _alert(planned(FACT), other).plan == planned(FACT)


def test_the_next_step_starts_anew_and_remembers_what_was_tried() -> None:
    alert = _alert(planned(FACT), _report(outcome="unreachable"), planned(FACT, 1))

    assert (alert.plan.step, alert.outcome) == (1, None)
    assert alert.tried == ("account-0", "account-1")


def test_an_earlier_step_does_not_come_back() -> None:
    assert _alert(planned(FACT), planned(FACT, 1), planned(FACT)).plan.step == 1


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([_report(outcome="accepted")], ("accepted", False, False, True)),
        ([_report(outcome="accepted", status="delivered")], ("accepted", False, True, True)),
        ([_report(outcome="accepted", status="failed")], ("accepted", True, False, True)),
        ([_report(outcome="unreachable")], ("unreachable", False, False, False)),
        (
            [_report(outcome="unknown"), _report(outcome="accepted")],
            ("accepted", False, False, True),
        ),
        (
            [_report(outcome="accepted"), _report(outcome="unreachable")],
            ("accepted", False, False, True),
        ),
        ([_report(step=7, outcome="accepted")], (None, False, False, False)),
    ],
    ids=[
        "taken",
        "delivered",
        "sent back",
        "refused",
        "corrected",
        "what was taken stays taken",
        "a message of nobody's",
    ],
)
def test_reports(reports: list[AlertReported], expected: tuple[Any, ...]) -> None:
    alert = _alert(planned(FACT), *reports)

    assert (alert.outcome, alert.failed, alert.reached, alert.taken) == expected


def test_a_late_delivery_of_an_earlier_step_is_known() -> None:
    alert = _alert(planned(FACT), planned(FACT, 1), _report(0, outcome="accepted", status="read"))

    assert (alert.reached, alert.outcome) == (True, None)


def test_the_first_end_counts_and_nothing_is_planned_after_it() -> None:
    alert = _alert(planned(FACT), _settled(), _settled("withdrawn"), planned(FACT, 1))

    assert alert.settled is not None
    assert (alert.settled.how, alert.plan.step) == ("delivered", 0)


def test_what_was_never_allowed_is_not_planned_later() -> None:
    story = Story("acme", 0)
    story.apply(_settled("not_allowed"), 1)
    story.apply(planned(FACT), 2)

    assert story.alerts == {}
    assert story.ended["alr"].how == "not_allowed"


def test_a_shelf_folds_each_record_once_and_waits_for_its_own() -> None:
    shelf = Shelf()
    shelf.fold(0, 1, "key", planned(FACT))
    shelf.expect("key", 1)
    before = shelf.is_complete("key")
    shelf.fold(1, 2, "key", _report(outcome="accepted"))
    shelf.fold(0, 3, "key", _settled())

    assert (before, shelf.is_complete("key")) == (False, True)
    assert shelf.stories["key"].alerts["alr"].settled is None


def test_a_shelf_forgets_what_is_over_soon_and_everything_in_the_end() -> None:
    shelf = Shelf()
    week, month = timedelta(days=7), timedelta(days=30)
    at = milliseconds(NOW)
    shelf.fold(0, at, "over", parcel(LATE, "delivered"))
    shelf.fold(1, at, "under way", parcel(LATE))
    shelf.fold(2, at, "alert", planned(FACT))
    left = []
    for days in (6, 8, 31):
        shelf.evict(NOW + timedelta(days=days), week, month)
        left.append(sorted(shelf.stories))

    assert left == [["alert", "over", "under way"], ["alert", "under way"], ["alert"]]


def test_a_shelf_wakes_at_the_earliest_time_and_once() -> None:
    shelf = Shelf()
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    for hour in (2, 1, 3):
        shelf.wake("key", hours[hour])
    due = [list(shelf.due(moment)) for moment in hours]

    assert due == [[], ["key"], [], []]
