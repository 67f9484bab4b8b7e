"""Quiet hours, in every zone it may be, over the changes of the clocks."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.quiet import next_allowed, next_quiet, zones_of
from shared.config.models import QuietHours
from shared.events.commerce import Contact
from tests.unit.services.notifier.case_files import table

_MOMENTS = st.integers(1_767_225_600, 1_830_297_600).map(lambda at: datetime.fromtimestamp(at, UTC))
_ZONES = ["Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "UTC"]


@pytest.mark.parametrize("case", table("quiet"))
def test_next_allowed(case: dict[str, Any]) -> None:
    quiet = QuietHours(start=time.fromisoformat(case["start"]), end=time.fromisoformat(case["end"]))
    now = datetime.fromisoformat(case["now"])

    allowed = next_allowed(now, case["zones"], quiet, case["fallback"])

    assert allowed == datetime.fromisoformat(case["expect"])


@pytest.mark.parametrize("case", table("zones"))
def test_zones_of(case: dict[str, Any]) -> None:
    contact = Contact.model_validate(case["contact"])

    assert list(zones_of(contact, case["fallback"])) == case["expect"]


def test_an_american_number_without_a_place_may_be_anywhere_in_its_country() -> None:
    contact = Contact(id="c", addresses={"phone": "+18005550100"})

    zones = zones_of(contact, "UTC")

    assert {"America/New_York", "Pacific/Honolulu"} <= set(zones)


@given(
    now=_MOMENTS,
    zones=st.lists(st.sampled_from(_ZONES), min_size=1, unique=True),
    start=st.times(),
    end=st.times(),
)
def test_what_is_allowed_is_quiet_nowhere_and_not_before_now(
    now: datetime, zones: list[str], start: time, end: time
) -> None:
    quiet = QuietHours(start=start, end=end)

    allowed = next_allowed(now, zones, quiet, zones[0])

    assert allowed >= now
    assert next_allowed(allowed, zones[:1], quiet, zones[0]) == allowed


@given(now=_MOMENTS, start=st.times())
def test_the_next_quiet_time_is_less_than_a_day_and_an_hour_away(
    now: datetime, start: time
) -> None:
    found = next_quiet(now, ["Europe/Berlin"], QuietHours(start=start, end=time(8)))

    assert found is None or timedelta(0) <= found - now <= timedelta(hours=25)


def test_without_quiet_hours_there_is_no_night() -> None:
    now = datetime.fromisoformat("2026-05-12T03:00:00Z")

    assert next_allowed(now, ["UTC"], None, "UTC") == now
    assert next_quiet(now, ["UTC"], None) is None
