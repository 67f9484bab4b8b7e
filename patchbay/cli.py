"""The `patchbay` command. Exit codes: 0 done, 1 a problem was found, 2 wrong usage."""

import os
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from patchbay.demo.command import demo
from patchbay.demo.elsewhere import demo_attach, demo_files
from patchbay.explain.command import explain
from patchbay.replay.command import replay
from patchbay.rules.command import rules_app
from patchbay.serve import KNOWN, serve_role
from patchbay.simulate.command import simulate
from patchbay.stack.__main__ import main as stack
from patchbay.staff.command import staff
from patchbay.topics import topics_app
from shared import passwords
from shared.config.load import describe, inspect
from shared.errors import PatchbayError
from shared.settings import strange_variables

app = typer.Typer(
    no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help=__doc__
)
app.command("demo")(demo)
app.command("demo-attach")(demo_attach)
app.command("demo-files")(demo_files)
app.command("explain")(explain)
app.command("replay")(replay)
app.command("simulate")(simulate)
app.command("stack")(stack)
app.command("staff")(staff)
app.add_typer(topics_app, name="topics")
app.add_typer(rules_app, name="rules")

_ERRORS = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(envvar="PATCHBAY_CONFIG", help="The configuration.")
    ] = Path("patchbay.yaml"),
    json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check a configuration: every problem with its file, line, path and what to do."""
    _, problems = inspect(file, os.environ)  # noqa: TID251 - the command line's own environment
    if json:
        fields = ("line", "path", "message", "hint", "warning")
        rows = [
            {"file": str(file), **{field: getattr(problem, field) for field in fields}}
            for problem in problems
        ]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        for problem in problems:
            typer.echo(describe(file, problem))
    for name, meant in strange_variables(os.environ, KNOWN):  # noqa: TID251 - as above
        hint = f"did you mean {meant}?" if meant else "no role has a variable of this name"
        _ERRORS.print(f"warning: the environment variable {name} is unknown ({hint})")
    errors = sum(not problem.warning for problem in problems)
    if not json:
        warnings = len(problems) - errors
        typer.echo(f"{file}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}")
    raise typer.Exit(1 if errors else 0)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@app.command()
def serve(
    role: Annotated[
        str, typer.Argument(help="all, ingest, engine, view, api or notifier.")
    ] = "all",
) -> None:
    """Run one role, or all of them in one process, until SIGTERM."""
    try:
        serve_role(role)
    except PatchbayError as error:
        _ERRORS.print(f"patchbay: {error}", style="red", markup=False)
        raise typer.Exit(1) from None


@app.command("hash-password")
def hash_password(
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="Asked for when not given.")
    ],
) -> None:
    """Print the hash to put into an agent's `password_hash` secret."""
    typer.echo(passwords.hashed(password))
