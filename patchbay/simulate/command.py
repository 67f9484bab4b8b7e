"""The command: read, simulate, print."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from patchbay.simulate.parts import simulate as run_all
from patchbay.simulate.reading import inspect
from patchbay.simulate.report import report, table
from shared.config.load import describe


def simulate(
    scenario: Annotated[Path, typer.Argument(help="What comes, who is there, by which rules.")],
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="At most so many; else one per core.")
    ] = None,
) -> None:
    """Run the real engine under generated traffic, and say what would happen.

    Exit status 2, and every problem with its line, if the scenario cannot be run.
    """
    found, problems = inspect(scenario)
    for problem in problems:
        typer.echo(describe(scenario, problem), err=True)
    if found is None:
        raise typer.Exit(2)
    result = report(found, run_all(found, processes))
    if json:
        typer.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    else:
        typer.echo(table(result))
