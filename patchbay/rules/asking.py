"""What all commands on rules have in common: reading a file, asking, and saying what came of it."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from patchbay.rules.desk import Desk, open_desk
from shared.config.load import describe
from shared.config.rules import inspect_rules
from shared.errors import PatchbayError
from shared.events.commands import Command
from shared.events.routing import Configured, Decision, TrialEnded, TrialStarted
from shared.rules import Rules
from shared.settings import ServiceSettings, read_settings
from shared.versions import Versions

_WIDE = 160
"""Columns of a table where there is no terminal."""

OUT = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
_ERRORS = Console(stderr=True, soft_wrap=True, highlight=False)
R = TypeVar("R")

File = Annotated[Path, typer.Argument(help="A patchbay.yaml, or only workspaces with rules.")]
Workspace = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Needed where there are several.")
]
Note = Annotated[str, typer.Option(help="Why; shown in the list.")]
By = Annotated[str | None, typer.Option(help="Who; else the name of your login.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Over = Annotated[int | None, typer.Option(help="Refuse unless this version is in force.")]


def read_file(file: Path, workspace: str | None) -> dict[str, Rules]:
    """The rules in a file, of one workspace or all; problems end the command."""
    found, problems = inspect_rules(file)
    for problem in problems:
        typer.echo(describe(file, problem), err=True)
    if any(not problem.warning for problem in problems):
        raise typer.Exit(1)
    if workspace is not None:
        found = {name: rules for name, rules in found.items() if name == workspace}
    if not found:
        fail(f"{file}: no rules of workspace {workspace!r}")
    return found


def author(by: str | None) -> str:
    """Who makes the change."""
    return by or getpass.getuser()


def using(work: Callable[[Desk], Awaitable[R]]) -> R:
    """What the work on the running Patchbay comes to; a failure is one line, and exit status 1."""

    async def run() -> R:
        settings = read_settings(ServiceSettings)
        async with open_desk(settings.log, settings.shards) as desk:
            return await work(desk)

    try:
        return asyncio.run(run())
    except (PatchbayError, ExceptionGroup) as error:
        fail(_first(error))


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)


def fail(message: str) -> NoReturn:
    """Say it, and end with exit status 1."""
    _ERRORS.print(f"patchbay: {message}", style="red", markup=False)
    raise typer.Exit(1)


def known(workspace: str | None) -> tuple[str, Versions]:
    """A workspace and its versions: the one that is named, or the only one there is."""
    found = using(lambda desk: desk.versions())
    if workspace is None and len(found) == 1:
        workspace = next(iter(found))
    if workspace is None:
        names = ", ".join(sorted(found)) or "none yet: does an engine run on this log?"
        fail(f"which workspace? ({names})")
    return workspace, found.get(workspace, Versions())


def make(command: Command) -> None:
    """Ask for a change, and say what came of it."""
    decision, shown = using(lambda desk: _made(desk, command))
    for line in told(decision):
        OUT.print(f"{command.workspace}: {line}", markup=False)
    if not shown:
        OUT.print("It is in force, but not in the list yet: does a view run on this log?")


async def _made(desk: Desk, command: Command) -> tuple[Decision, bool]:
    decision = await desk.ask(command)
    made = [event for event in decision.events if isinstance(event, Configured | TrialStarted)]
    shown = [await desk.shown(command.workspace, event.change.version) for event in made]
    return decision, all(shown)


def told(decision: Decision) -> list[str]:
    """What a decision changed, in one line each."""
    lines = []
    for event in decision.events:
        if isinstance(event, Configured):
            lines.append(f"version {event.change.version} is in force")
        elif isinstance(event, TrialStarted):
            share = event.change.percent or 0
            lines.append(f"version {event.change.version} is on trial for {share:g} %")
        elif isinstance(event, TrialEnded):
            lines.append(f"the trial of version {event.version} is over: {event.how}")
    return lines or ["nothing to do: it is so already"]
