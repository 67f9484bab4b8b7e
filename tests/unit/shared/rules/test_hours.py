"""Opening hours against a walk through UTC, minute by minute, and what cannot be meant."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.clock import milliseconds
from shared.rules.hours import WEEKDAYS, Hours, opens_at

MINUTE_MS = 60_000

DAYS_OF_CHANGE = (
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Asia/Kathmandu", "2026-06-01"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Casablanca", "2026-03-22"),
    ("Pacific/Apia", "2011-12-30"),
    ("UTC", "2026-12-31"),
)


def at(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))


def plain(hours: dict[str, Any], moment_ms: int) -> bool:
    """The same by the clock on the wall, written out."""
    local = datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(ZoneInfo(hours["time_zone"]))
    shown = local.strftime("%H:%M")
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    return any(a <= shown < b for a, b in _begun(hours, today, late=False)) or any(
        a <= shown < b for a, b in _begun(hours, yesterday, late=True)
    )


def _begun(hours: dict[str, Any], day: Any, *, late: bool) -> list[tuple[str, str]]:
    """What of the spans begun on a day lies on it, or on the day after (`late`)."""
    name = day.isoformat()
    weekly = hours["open"].get(WEEKDAYS[day.weekday()], [])
    spans = [] if name in hours.get("closed_on", []) else hours.get("open_on", {}).get(name, weekly)
    pairs = [span.split("-") for span in spans]
    over = [("00:00", end) for begin, end in pairs if end <= begin]
    within = [(begin, end if end > begin else "24:00") for begin, end in pairs]
    return over if late else within


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _spans(edges: list[int]) -> list[str]:
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{clock(begin)}-{clock(end)}" for begin, end in pairs]


SPANS = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted).map(_spans)
NIGHTS = st.sampled_from((["22:00-02:30"], ["23:30-00:30"], ["02:15-02:45"], ["00:00-24:00"]))


@st.composite
def worlds(draw: Any) -> tuple[dict[str, Any], int]:
    """Hours, and a moment near a change of the time zone."""
    zone, day = draw(st.sampled_from(DAYS_OF_CHANGE))
    named = draw(st.dictionaries(st.sampled_from(WEEKDAYS), SPANS | NIGHTS, max_size=7))
    near = [
        (datetime.fromisoformat(day) + timedelta(days=n)).date().isoformat() for n in range(-2, 3)
    ]
    closed = draw(st.lists(st.sampled_from(near), max_size=2, unique=True))
    others = [name for name in near if name not in closed]
    on = draw(st.dictionaries(st.sampled_from(others), SPANS | NIGHTS, max_size=2))
    hours = {"time_zone": zone, "open": named, "closed_on": closed, "open_on": on}
    moment = at(f"{day}T00:00:00+00:00") + draw(st.integers(-2 * 1440, 1440)) * MINUTE_MS
    return hours, moment


def believed(hours: dict[str, Any]) -> Hours | None:
    """None for hours that overlap or are never."""
    try:
        return Hours.model_validate(hours)
    except ValidationError:
        return None


@given(world=worlds())
@example(
    world=(
        {"time_zone": "Europe/Berlin", "open": {"sun": ["02:15-02:45"]}},
        at("2026-03-28T12:00:00+00:00"),
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_next_change_is_what_a_walk_finds(world: tuple[dict[str, Any], int]) -> None:
    """Through gaps, folds, skipped days, nights and special days."""
    written, begin = world
    hours = believed(written) or Hours(time_zone="UTC", open={"mon": ("09:00-17:00",)})
    shown = hours.model_dump(mode="json")
    walk = [begin + minute * MINUTE_MS for minute in range(2 * 1440)]
    is_open = [plain(shown, moment) for moment in walk]
    changes = [
        later for later, was, now in zip(walk[1:], is_open, is_open[1:], strict=False) if was != now
    ]

    found, moment = [], hours.next_change(begin)
    while moment is not None and moment <= walk[-1]:
        found.append(moment)
        moment = hours.next_change(moment)

    assert [hours.is_open(moment) for moment in walk] == is_open
    assert found == changes


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        ({"open": {"mon": ["09:00-17:00"]}}, "2026-11-21T12:00:00Z", "2026-11-23T08:00:00Z"),
        ({"open": {"mon": ["09:00-17:00"]}}, "2026-11-23T08:00:00Z", None),
        (
            {"open": {"mon": ["09:00-17:00"]}, "closed_on": ["2026-11-23"]},
            "2026-11-21T12:00:00Z",
            "2026-11-30T08:00:00Z",
        ),
        ({"open": {}, "open_on": {"2031-05-01": ["10:00-11:00"]}}, "2026-01-01T00:00:00Z",
         "2031-05-01T08:00:00Z"),
        ({"open": {}, "open_on": {"2021-05-01": ["10:00-11:00"]}}, "2026-01-01T00:00:00Z", None),
        (
            {
                "open": {"fri": ["10:00-11:00"]},
                "closed_on": [f"2026-08-{day:02d}" for day in range(1, 32)],
            },
            "2026-08-01T00:00:00Z",
            "2026-09-04T08:00:00Z",
        ),
    ],
)  # fmt: skip
def test_when_it_opens(hours: dict[str, Any], moment: str, expected: str | None) -> None:
    """Over holidays and years, and never where it never does."""
    found = opens_at(Hours.model_validate({"time_zone": "Europe/Berlin", **hours}), at(moment))

    assert found == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-09-14T13:00:00+00:00", True),
        ("2026-09-14T12:59:59+00:00", False),
        ("2026-09-14T16:00:00+00:00", False),
        ("2026-09-14T17:00:00+00:00", True),
        ("2026-09-15T03:59:59+00:00", True),
        ("2026-09-15T04:00:00+00:00", False),
        ("2026-09-07T14:00:00+00:00", False),
        ("2026-11-02T13:30:00+00:00", False),
        ("2026-11-02T14:00:00+00:00", True),
    ],
)
def test_it_is_open_in_its_own_time_zone(moment: str, is_open: bool) -> None:
    hours = {
        "time_zone": "America/New_York",
        "open": {"mon": ["09:00-12:00", "13:00-24:00"]},
        "closed_on": ["2026-09-07"],
    }

    assert Hours.model_validate(hours).is_open(at(moment)) is is_open


def test_what_never_closes_never_changes() -> None:
    always = Hours(time_zone="Europe/Berlin", open=dict.fromkeys(WEEKDAYS, ("00:00-24:00",)))

    assert always.is_open(at("2026-03-29T01:00:00Z"))
    assert always.next_change(at("2026-03-29T01:00:00Z")) is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"time_zone": "Europe/Berln"}, "unknown time zone 'Europe/Berln', did you mean"),
        ({"time_zone": "Europe"}, "unknown time zone"),
        ({"open": {"mon": ["9-17"]}}, "write it as 09:00-17:30"),
        ({"open": {"mon": ["09:00-09:00"]}}, "this span is empty"),
        ({"open": {"mon": ["24:00-02:00"]}}, "begins at 23:59 at the latest"),
        ({"open": {"mon": ["22:00-24:30"]}}, "a day ends at 24:00"),
        ({"open": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "09:00-12:00 and 11:00-13:00 overlap"),
        ({"open": {"sun": ["22:00-06:00"], "mon": ["05:00-09:00"]}}, "sun goes on into the spans"),
        (
            {"open_on": {"2026-12-24": ["23:00-10:00"], "2026-12-25": ["09:00-12:00"]}},
            "Thursday 2026-12-24 goes on into the spans of Friday 2026-12-25",
        ),
        ({"open": {}}, "it never opens"),
        ({"open": {"mon": []}}, "it never opens"),
        ({"open": {"monday": ["09:00-17:00"]}}, "open.monday"),
        (
            {"closed_on": ["2026-12-24"], "open_on": {"2026-12-24": []}},
            "in closed_on and in open_on",
        ),
        ({"closed_on": ["24.12.2026"]}, "closed_on"),
    ],
)
def test_refuses_what_cannot_be_meant(wrong: dict[str, Any], says: str) -> None:
    right = {"time_zone": "Europe/Berlin", "open": {"tue": ["09:00-17:00"]}}

    with pytest.raises(ValidationError) as caught:
        Hours.model_validate({**right, **wrong})

    assert says in str(caught.value)
