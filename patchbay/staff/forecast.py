"""How much will come in each interval: from recorded volumes, or from a file of volumes."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from patchbay.recorded.visits import Visit
from shared.errors import ConfigurationInvalid

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Interval:
    """So many contacts in so many minutes, with so much work in each."""

    start: str
    volume: float
    minutes: float
    handle_minutes: float


def handle_minutes(visits: Iterable[Visit]) -> float | None:
    """The mean work on those that were answered and have ended; None where none has."""
    work = [
        visit.work for visit in visits if visit.answered is not None and visit.ended is not None
    ]
    return sum(work) / len(work) / _MINUTE_MS if work and sum(work) else None


def patience_minutes(visits: Sequence[Visit], until: int) -> float | None:
    """The mean patience, if patience is exponential: all waiting by the number who gave up.

    The maximum-likelihood estimate where everybody else's patience is only known to be longer than
    his wait. None where nobody ever gave up.
    """
    gave_up = sum(visit.outcome == "abandoned" for visit in visits)
    waited = sum(visit.waited(until) for visit in visits)
    return waited / gave_up / _MINUTE_MS if gave_up and waited else None


def of_week(
    visits: Iterable[Visit], since: int, until: int, minutes: int, zone: ZoneInfo, handle: float
) -> list[Interval]:
    """A week's intervals, each with the mean volume of its like in the recorded time.

    What was recorded in part counts for that part. Where nothing came, nothing is forecast.
    """
    counted = Counter(_slot(visit.arrived, minutes, zone) for visit in visits)
    covered: Counter[tuple[int, int]] = Counter()
    for at in range(since, until, _MINUTE_MS):
        covered[_slot(at, minutes, zone)] += min(_MINUTE_MS, until - at)
    whole = minutes * _MINUTE_MS
    return [
        Interval(_named(*slot, minutes), counted[slot] * whole / covered[slot], minutes, handle)
        for slot in sorted(covered)
        if counted[slot]
    ]


def of_file(path: Path, minutes: int, handle: float | None) -> list[Interval]:
    """`start,volume` or `start,volume,handle_minutes` per line. Raises ConfigurationInvalid."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not {"start", "volume"} <= set(reader.fieldnames or ()):
                raise ConfigurationInvalid(f"{path}:1: needs the columns start and volume")
            return [_of_row(path, reader.line_num, row, minutes, handle) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path}: cannot be read: {error}") from None


def _of_row(
    path: Path, line: int, row: dict[str, str], minutes: int, handle: float | None
) -> Interval:
    work = _number(path, line, row, "handle_minutes") if row.get("handle_minutes") else handle
    if not work:
        raise ConfigurationInvalid(
            f"{path}:{line}: handle_minutes: is not known (add the column, or --handle-minutes)"
        )
    return Interval(row["start"], _number(path, line, row, "volume"), minutes, work)


def _number(path: Path, line: int, row: dict[str, str], name: str) -> float:
    try:
        found = float(row[name])
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < 1e9:
        raise ConfigurationInvalid(f"{path}:{line}: {name}: should be a number, not {row[name]!r}")
    return found


def _slot(at: int, minutes: int, zone: ZoneInfo) -> tuple[int, int]:
    """The weekday, and which interval of the day, by the clock on the wall."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return local.weekday(), (local.hour * 60 + local.minute) // minutes


def _named(weekday: int, index: int, minutes: int) -> str:
    hours, rest = divmod(index * minutes, 60)
    return f"{_DAYS[weekday]} {hours:02}:{rest:02}"
