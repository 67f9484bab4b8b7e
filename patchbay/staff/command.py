"""`patchbay staff`. Exit codes: 0 done, 1 cannot be done, 2 wrong usage."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer

from patchbay.recorded.reading import chosen, moment, recordings, zone_of
from patchbay.simulate.intervals import Estimate
from patchbay.staff.checked import answered_within
from patchbay.staff.forecast import (
    Interval,
    handle_minutes,
    of_file,
    of_week,
    patience_minutes,
)
from patchbay.staff.plan import Row, Target, plan
from patchbay.staff.shown import document, table
from shared.errors import ConfigurationInvalid, PatchbayError
from shared.settings import ServiceSettings, read_settings

_MOST_CHECKED = 3
"""So many intervals are simulated by `--check`: those with the most to do."""

_Minutes = float | None
_ELSE = "Else as recorded."


def staff(
    volumes: Annotated[
        Path | None, typer.Option(help="start,volume[,handle_minutes]; else the record is read.")
    ] = None,
    log: Annotated[str | None, typer.Option(help="The record; else PATCHBAY_LOG.")] = None,
    workspace: Annotated[str | None, typer.Option("--workspace", "-w")] = None,
    queue: Annotated[str | None, typer.Option(help="Only what came into this queue.")] = None,
    since: Annotated[str | None, typer.Option(help="From then on, as 2026-11-02.")] = None,
    until: Annotated[str | None, typer.Option(help="Before then.")] = None,
    time_zone: Annotated[str, typer.Option(help="Whose days and hours.")] = "UTC",
    interval: Annotated[int, typer.Option(min=5, max=1440, help="Minutes.")] = 30,
    percent: Annotated[float, typer.Option(min=1, max=99.9, help="So many are answered")] = 80,
    seconds: Annotated[float, typer.Option(min=0, max=86400, help="within so many.")] = 20,
    occupancy: Annotated[float, typer.Option(min=0.1, max=1, help="Busy at most.")] = 0.9,
    shrinkage: Annotated[float, typer.Option(min=0, max=0.9, help="Paid, but not there.")] = 0.3,
    at_once: Annotated[int, typer.Option(min=1, max=100, help="Contacts per agent.")] = 1,
    handle: Annotated[_Minutes, typer.Option("--handle-minutes", min=0.01, help=_ELSE)] = None,
    patience: Annotated[_Minutes, typer.Option("--patience-minutes", min=0.01, help=_ELSE)] = None,
    check: Annotated[bool, typer.Option("--check", help="Simulate the busiest, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How many agents each interval needs, by Erlang C and, where some give up, by Erlang A."""
    target = Target(percent, seconds, occupancy, at_once, shrinkage)
    with _told():
        if volumes is not None:
            intervals = of_file(volumes, interval, handle)
        else:
            intervals, patience = _recorded(
                log, workspace, queue, (since, until), time_zone, interval, handle, patience
            )
    rows = [plan(one, target, patience) for one in intervals]
    checked = _checked(rows, target, patience) if check else {}
    if json:
        typer.echo(orjson.dumps(document(rows, patience, checked), option=orjson.OPT_INDENT_2))
    else:
        typer.echo(table(rows, target, patience, checked))


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong as expected is one line, and exit status 1."""
    try:
        yield
    except PatchbayError as error:
        typer.echo(f"patchbay: {error}", err=True)
        raise typer.Exit(1) from None


def _recorded(
    log: str | None,
    workspace: str | None,
    queue: str | None,
    period: tuple[str | None, str | None],
    time_zone: str,
    interval: int,
    handle: float | None,
    patience: float | None,
) -> tuple[list[Interval], float | None]:
    """The week that the record lets expect, and how patient its customers were."""
    zone = zone_of(time_zone)
    settings = read_settings(ServiceSettings)
    found = asyncio.run(recordings(log or settings.log, settings.shards))
    recording = chosen(found, workspace)
    since, until = (moment(text, zone) for text in period)
    since = (recording.first or 0) if since is None else since
    until = recording.last + 1 if until is None else until
    visits = [v for v in recording.within(since, until) if queue in (None, v.queue)]
    work = handle_minutes(visits) if handle is None else handle
    if not visits or not work:
        raise ConfigurationInvalid("nothing was answered and ended in that time")
    known = patience_minutes(visits, until) if patience is None else patience
    return of_week(visits, since, until, interval, zone, work), known


def _checked(rows: list[Row], target: Target, patience: float | None) -> dict[int, Estimate]:
    """The busiest intervals, simulated: by the place of their row."""
    busiest = sorted(range(len(rows)), key=lambda at: -rows[at].load)[:_MOST_CHECKED]
    return {
        at: answered_within(rows[at], target, patience, 20_000) for at in busiest if rows[at].load
    }
