"""`patchbay replay`. Exit codes: 0 done, 1 cannot be done, 2 wrong usage."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from patchbay.recorded.reading import chosen, moment, recordings, zone_of
from patchbay.recorded.visits import Presence, Recording
from patchbay.replay.compare import Summary, document, of_courses, of_visits, summary
from patchbay.replay.page import page
from patchbay.replay.roster import load_roster, recorded, rostered, with_more
from patchbay.replay.run import Replay
from patchbay.replay.traffic import Contact, contacts
from patchbay.replay.words import table
from shared.config.load import describe
from shared.config.rules import inspect_rules
from shared.errors import ConfigurationInvalid, PatchbayError
from shared.rules import Rules
from shared.settings import ServiceSettings, read_settings


def replay(
    rules: Annotated[
        Path | None, typer.Option(help="Other rules: a patchbay.yaml; else those in force then.")
    ] = None,
    staff: Annotated[Path | None, typer.Option(help="Other staff: a roster.")] = None,
    log: Annotated[str | None, typer.Option(help="The record; else PATCHBAY_LOG.")] = None,
    workspace: Annotated[str | None, typer.Option("--workspace", "-w")] = None,
    since: Annotated[str | None, typer.Option(help="From then on, as 2026-11-02T08:00.")] = None,
    until: Annotated[str | None, typer.Option(help="Before then.")] = None,
    time_zone: Annotated[str, typer.Option(help="Of since and until.")] = "UTC",
    html: Annotated[Path | None, typer.Option(help="Write tables and plots here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run recorded traffic again, with other rules, staff or hours, and compare."""
    try:
        zone = zone_of(time_zone)
        url = log or read_settings(ServiceSettings).log
        found = asyncio.run(recordings(url, read_settings(ServiceSettings).shards))
        recording = chosen(found, workspace)
        ways = compared(recording, moment(since, zone), moment(until, zone), rules, staff)
    except PatchbayError as error:
        typer.echo(f"patchbay: {error}", err=True)
        raise typer.Exit(1) from None
    if html is not None:
        html.write_text(page(f"Replay of {recording.workspace}", ways), encoding="utf-8")
    if json:
        typer.echo(orjson.dumps(document(ways), option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(table(ways))


def compared(
    recording: Recording,
    since: int | None,
    until: int | None,
    rules_file: Path | None,
    staff_file: Path | None,
) -> list[Summary]:
    """As recorded, as the engine does it again, and as it would do it otherwise.

    Raises ConfigurationInvalid.
    """
    since = (recording.first or 0) if since is None else since
    until = recording.last + 1 if until is None else until
    visits = list(recording.within(since, until))
    if recording.rules is None or not visits:
        raise ConfigurationInvalid("no rules or no contacts are recorded in that time")
    traffic = contacts(visits, until)
    before, there = recording.rules, recorded(recording, since, until)
    ways = [
        summary("recorded", of_visits(visits, until), before),
        _way("replayed", before, there, traffic, since, until),
    ]
    if rules_file is None and staff_file is None:
        return ways
    rules = before if rules_file is None else other_rules(rules_file, recording.workspace)
    if staff_file is not None:
        roster = load_roster(staff_file, rules)
        rules, there = with_more(rules, roster), rostered(roster, since, until)
    return [*ways, _way("otherwise", rules, there, traffic, since, until)]


def other_rules(file: Path, workspace: str) -> Rules:
    """The workspace's rules in that file. Raises ConfigurationInvalid, naming every problem."""
    found, problems = inspect_rules(file)
    errors = [problem for problem in problems if not problem.warning]
    if errors:
        raise ConfigurationInvalid("\n".join(describe(file, problem) for problem in errors))
    if workspace not in found:
        raise ConfigurationInvalid(f"{file}: no rules of workspace {workspace!r}")
    return found[workspace]


def _way(
    name: str,
    rules: Rules,
    there: list[Presence],
    traffic: list[Contact],
    since: int,
    until: int,
) -> Summary:
    courses = Replay(rules, there, since).go(traffic, until)
    return summary(name, of_courses(courses, until), rules)
