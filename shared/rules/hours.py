"""Opening hours: when somebody is there, in the shop's own time zone.

Spans are what the clock on the wall shows. Where daylight saving skips an hour, a span within it
does not happen that day; where it repeats one, a span within it happens twice.
"""

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from shared.strict import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_DAY_MINUTES = 1440
_STEP_MS = 6 * 3_600_000
"""No time zone changes its offset twice within so short a time."""
_LOOK_DAYS = 22
"""Where a weekly pattern brings no change within so many days, it never does: what daylight saving
swallows in one week happens in the next."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MOST_DATES = 1000

Minutes = tuple[int, int]
"""From which minute of a day until before which; the end may lie on the day after."""


def _span(value: str) -> str:
    found = _SPAN.fullmatch(value)
    if found is None:
        raise ValueError("write it as 09:00-17:30")
    hours, minutes, until_hours, until_minutes = map(int, found.groups())
    begin, end = hours * 60 + minutes, until_hours * 60 + until_minutes
    if begin >= _DAY_MINUTES:
        raise ValueError("a span begins at 23:59 at the latest: write 00:00 on the day after")
    if end > _DAY_MINUTES:
        raise ValueError("a day ends at 24:00: write 22:00-02:00 for a night")
    if begin == end:
        raise ValueError("this span is empty: write 00:00-24:00 for the whole day")
    return value


def _minutes(span: str) -> Minutes:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in span.split("-"))
    return begin, end if end > begin else end + _DAY_MINUTES


def _apart(spans: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError where two spans of one day overlap."""
    ordered = sorted(spans, key=_minutes)
    for one, other in pairwise(ordered):
        if _minutes(other)[0] < _minutes(one)[1]:
            raise ValueError(f"{one} and {other} overlap")
    return spans


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(available_timezones())


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        close = difflib.get_close_matches(value, _zones(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "write it as Europe/Berlin"
        raise ValueError(f"unknown time zone {value!r}, {hint}") from None
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
Span = Annotated[str, AfterValidator(_span)]
Spans = Annotated[tuple[Span, ...], AfterValidator(_apart), Field(max_length=24)]


class Hours(Strict):
    """When somebody is there."""

    time_zone: TimeZone
    """Where the hours are meant."""
    open: dict[Weekday, Spans]
    """Spans as `09:00-17:30`, by day; a day that is missing is closed. One that ends at or before
    its beginning goes on until the day after (`22:00-06:00`)."""
    closed_on: Annotated[tuple[date, ...], Field(max_length=_MOST_DATES)] = ()
    """Days on which nothing begins."""
    open_on: Annotated[dict[date, Spans], Field(max_length=_MOST_DATES)] = {}
    """Other spans on single days."""

    def is_open(self, at_ms: int) -> bool:
        """Is it open at this moment (Unix milliseconds)?"""
        return self._open_on_the_wall(at_ms + _offset(self.time_zone, at_ms))

    def next_change(self, at_ms: int) -> int | None:
        """The first moment after `at_ms` when it opens or closes (Unix milliseconds); None: it
        stays as it is for ever."""
        now = self.is_open(at_ms)
        for begin, end in self._worth_a_look(at_ms):
            for moment in self._edges(begin, end):
                if moment > at_ms and self.is_open(moment) != now:
                    return moment
        return None

    @model_validator(mode="after")
    def _hangs_together(self) -> "Hours":
        if both := sorted(set(self.closed_on) & self.open_on.keys()):
            raise ValueError(f"{both[0]} is in closed_on and in open_on")
        if not any(self.open.values()) and not any(self.open_on.values()):
            raise ValueError("it never opens: say when, by day")
        for day in self._days_to_check():
            spill, first = self._until(day - 1) - _DAY_MINUTES, self._spans(day)[:1]
            if first and first[0][0] < spill:
                raise ValueError(f"{_name(day - 1)} goes on into the spans of {_name(day)}")
        return self

    def _days_to_check(self) -> Iterator[int]:
        """A week without special days, and the days around those."""
        yield from range(8)
        for day in self.open_on:
            yield from (_number(day), _number(day) + 1)

    def _until(self, day: int) -> int:
        """When what begins on this day is over, in its minutes."""
        return max((end for _, end in self._spans(day)), default=0)

    def _spans(self, day: int) -> tuple[Minutes, ...]:
        """What begins on a day, counted from 1970-01-01."""
        special = self._special.get(day)
        return self._weekly[(day + 3) % 7] if special is None else special

    @cached_property
    def _weekly(self) -> tuple[tuple[Minutes, ...], ...]:
        days = (self.open.get(name, ()) for name in WEEKDAYS)
        return tuple(tuple(sorted(map(_minutes, spans))) for spans in days)

    @cached_property
    def _special(self) -> dict[int, tuple[Minutes, ...]]:
        closed: dict[int, tuple[Minutes, ...]] = {_number(day): () for day in self.closed_on}
        opened = {
            _number(day): tuple(sorted(map(_minutes, self.open_on[day]))) for day in self.open_on
        }
        return closed | opened

    def _open_on_the_wall(self, wall_ms: int) -> bool:
        day, minute = divmod(wall_ms // _MINUTE_MS, _DAY_MINUTES)
        return any(
            begin <= minute + late < end
            for late, spans in ((0, self._spans(day)), (_DAY_MINUTES, self._spans(day - 1)))
            for begin, end in spans
        )

    def _worth_a_look(self, at_ms: int) -> Iterator[tuple[int, int]]:
        """The times in which the next change must lie: soon, or around a special day."""
        seen = at_ms + _LOOK_DAYS * _DAY_MS
        yield at_ms, seen
        for day in sorted(self._special):
            begin, end = (day - 2) * _DAY_MS, (day + _LOOK_DAYS) * _DAY_MS
            if end > seen:
                yield max(begin, seen), end
                seen = end

    def _edges(self, begin: int, end: int) -> Iterator[int]:
        """Every moment in a time when something may change, in order."""
        while begin < end:
            until, offset = _piece(self.time_zone, begin)
            yield begin
            days = range((begin + offset) // _DAY_MS - 1, (until + offset) // _DAY_MS + 1)
            found = {
                day * _DAY_MS + minute * _MINUTE_MS - offset
                for day in days
                for span in self._spans(day)
                for minute in span
            }
            yield from sorted(moment for moment in found if begin < moment < until)
            begin = until


def opens_at(hours: Hours, at_ms: int) -> int | None:
    """When it opens next, as seen from a moment when it is closed; None: never."""
    return None if hours.is_open(at_ms) else hours.next_change(at_ms)


def _offset(zone: str, at_ms: int) -> int:
    """What the wall clock is ahead of UTC by, in milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


def _piece(zone: str, begin: int) -> tuple[int, int]:
    """Until when (at most `_STEP_MS` later) the offset stays as it is, and what it is."""
    offset, end = _offset(zone, begin), begin + _STEP_MS
    if _offset(zone, end) == offset:
        return end, offset
    before, after = begin, end
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after, offset


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH_DAY


def _name(day: int) -> str:
    return date.fromordinal(day + _EPOCH_DAY).strftime("%A %Y-%m-%d") if day > 8 else _WEEK[day % 7]


_EPOCH = datetime.combine(date.fromordinal(_EPOCH_DAY), time(), UTC)
_WEEK = tuple(WEEKDAYS[(number + 3) % 7] for number in range(7))
