"""Who is there and when: as recorded, or by a roster.

time_zone: Europe/Berlin
shifts:
  - {agents: [ana, ben], days: [mon, tue], from: "09:00", to: "17:00"}
  - {like: ana, count: 2, from: "12:00", to: "20:00"}   # people there are not yet
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from patchbay.recorded.reading import zone_of
from patchbay.recorded.visits import Presence, Recording
from shared.clock import milliseconds
from shared.config.load import describe
from shared.config.schema import near
from shared.config.source import Document, Problem, read
from shared.config.wording import explain
from shared.errors import ConfigurationInvalid
from shared.rules import Name, Rules
from shared.strict import Strict

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Shift(Strict):
    """Some agents, and when they are there."""

    agents: tuple[Name, ...] = ()
    """Agents of the rules."""
    like: Name | None = None
    """Further ones, with the skills and queues of this one."""
    count: Annotated[int, Field(ge=0, le=1000)] = 0
    """So many further ones."""
    days: tuple[Day, ...] = DAYS
    """On which days of the week."""
    begin: Annotated[Clock, Field(alias="from")]
    """From when on, by the clock on the wall."""
    end: Annotated[Clock, Field(alias="to")]
    """Until when; before `from`: on the next day."""


class Roster(Strict):
    """Everybody's shifts."""

    time_zone: str = "UTC"
    """Whose days and hours."""
    shifts: tuple[Shift, ...]
    """Who is there."""


def load_roster(path: Path, rules: Rules) -> Roster:
    """The roster in the file. Raises ConfigurationInvalid, naming every problem with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(
            describe(path, Problem(1, "", f"cannot be read: {error}"))
        ) from None
    document = read(text, path.parent, {})
    roster = _validated(document, rules)
    if roster is None or document.problems:
        lines = [describe(path, problem) for problem in sorted(document.problems)]
        raise ConfigurationInvalid("\n".join(lines))
    return roster


def _validated(document: Document, rules: Rules) -> Roster | None:
    try:
        roster = Roster.model_validate(document.data)
        zone_of(roster.time_zone)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            explain(document, detail, Roster)
        return None
    except ConfigurationInvalid as error:
        document.problem(("time_zone",), str(error))
        return None
    for index, shift in enumerate(roster.shifts):
        for agent in (*shift.agents, *([shift.like] if shift.like else [])):
            if agent not in rules.agents:
                here = ("shifts", index)
                document.problem(here, f"unknown agent {agent!r}", near(agent, rules.agents))
        if shift.count and shift.like is None:
            document.problem(("shifts", index, "count"), "needs `like`: like whom are they?")
    return roster


def with_more(rules: Rules, roster: Roster) -> Rules:
    """The rules, and in them the people there are not yet."""
    more = {
        _extra(index, number): rules.agents[shift.like]
        for index, shift in enumerate(roster.shifts)
        if shift.like is not None
        for number in range(shift.count)
    }
    return rules.model_copy(update={"agents": {**rules.agents, **more}})


def rostered(roster: Roster, since: int, until: int) -> list[Presence]:
    """Who comes and goes, in the order of time."""
    zone = zone_of(roster.time_zone)
    found = []
    for index, shift in enumerate(roster.shifts):
        names = [*shift.agents, *(_extra(index, number) for number in range(shift.count))]
        for begin, end in _times(shift, zone, since, until):
            for name in names:
                found.append(Presence(max(begin, since), name, "available"))
                found.append(Presence(end, name, "draining"))
    return sorted(found, key=lambda presence: (presence.at, presence.agent))


def recorded(recording: Recording, since: int, until: int) -> list[Presence]:
    """Who was there at the beginning, and who came and went."""
    there = recording.present(since)
    before = [Presence(since, p.agent, p.state, p.channels) for p in there.values()]
    return before + [p for p in recording.presence if since < p.at < until]


def _extra(shift: int, number: int) -> str:
    return f"further-{shift + 1}-{number + 1}"


def _times(shift: Shift, zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int]]:
    day = datetime.fromtimestamp(since / 1000, UTC).astimezone(zone).date() - timedelta(days=1)
    while True:
        begin = _at(day, shift.begin, zone)
        if begin >= until:
            return
        over_night = shift.end <= shift.begin
        end = _at(day + timedelta(days=over_night), shift.end, zone)
        if DAYS[day.weekday()] in shift.days and end > since:
            yield begin, end
        day += timedelta(days=1)


def _at(day: date, clock: str, zone: ZoneInfo) -> int:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return milliseconds(datetime.combine(day, time.fromisoformat(clock), zone))
