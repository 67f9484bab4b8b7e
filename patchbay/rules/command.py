"""`patchbay rules …`. Exit codes: 0 done, 1 refused or wrong, 2 wrong usage."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from patchbay.rules.asking import (
    OUT,
    By,
    File,
    Json,
    Note,
    Over,
    Workspace,
    author,
    fail,
    known,
    make,
    read_file,
)
from patchbay.rules.desk import chosen
from patchbay.rules.trial import attempt, promote, stop
from patchbay.rules.watching import shadow
from patchbay.rules.words import differences, row, table, written
from shared.config.load import describe
from shared.config.rules import inspect_rules
from shared.errors import ConfigurationInvalid
from shared.events.commands import Configure
from shared.events.rules import RulesVersion
from shared.rules import Rules, digest_of
from shared.versions import Versions

rules_app = typer.Typer(no_args_is_help=True, help="The rules of a running Patchbay.")


@rules_app.command("check")
def check(file: File, json: Json = False) -> None:
    """Check the rules in a file: every problem with its line, path and what to do."""
    found, problems = inspect_rules(file)
    errors = sum(not problem.warning for problem in problems)
    if json:
        fields = ("line", "path", "message", "hint", "warning")
        rows = [{name: getattr(problem, name) for name in fields} for problem in problems]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        for problem in problems:
            typer.echo(describe(file, problem))
        whose = f"rules of {', '.join(sorted(found))}: " if found else ""
        typer.echo(f"{file}: {whose}{errors} errors, {len(problems) - errors} warnings")
    raise typer.Exit(1 if errors else 0)


@rules_app.command("apply")
def apply(
    file: File, workspace: Workspace = None, note: Note = "", by: By = None, over: Over = None
) -> None:
    """Check the rules in a file and put them in force, as a whole and at once."""
    for name, rules in sorted(read_file(file, workspace).items()):
        make(
            Configure(
                workspace=name,
                actor=author(by),
                digest=digest_of(rules),
                rules=rules,
                note=note,
                over=over,
            )
        )


@rules_app.command("list")
def list_versions(workspace: Workspace = None, json: Json = False) -> None:
    """The versions of the rules, the latest first: when, by whom, why, and which is in force."""
    name, versions = known(workspace)
    if json:
        rows = [row(versions, one) for one in versions.history]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        OUT.print(f"{name}:")
        OUT.print(table(versions))


@rules_app.command("show")
def show(
    version: Annotated[str, typer.Argument(help="A number, in_force, trial or former.")],
    workspace: Workspace = None,
) -> None:
    """The rules of a version, as YAML that can be applied again."""
    name, versions = known(workspace)
    typer.echo(written(name, _chosen(versions, version).rules), nl=False)


@rules_app.command("diff")
def diff(
    one: Annotated[str, typer.Argument(help="A number, in_force, trial, former, or a file.")],
    other: Annotated[str, typer.Argument(help="What to compare it with.")] = "in_force",
    workspace: Workspace = None,
) -> None:
    """What differs between two versions, or a version and a file."""
    name, versions = known(workspace)
    first, second = (_side(each, name, versions) for each in (one, other))
    typer.echo(differences(first, second, (one, other), name), nl=False)


@rules_app.command("rollback")
def rollback(
    version: Annotated[str, typer.Argument(help="A number; else what was in force before.")] = (
        "former"
    ),
    workspace: Workspace = None,
    note: Note = "",
    by: By = None,
) -> None:
    """Put a former version in force again."""
    name, versions = known(workspace)
    back = _chosen(versions, version)
    present = versions.in_force
    make(
        Configure(
            workspace=name,
            actor=author(by),
            digest=back.digest,
            rules=back.rules,
            how="rollback",
            note=note,
            former=back.version,
            over=None if present is None else present.version,
        )
    )


def _side(each: str, workspace: str, versions: Versions) -> Rules:
    """One side of a comparison: a file if there is one of that name, else a version."""
    if Path(each).is_file():
        return read_file(Path(each), workspace)[workspace]
    return _chosen(versions, each).rules


def _chosen(versions: Versions, name: str) -> RulesVersion:
    try:
        return chosen(versions, name)
    except ConfigurationInvalid as error:
        fail(str(error))


rules_app.command("try")(attempt)
rules_app.command("promote")(promote)
rules_app.command("stop")(stop)
rules_app.command("shadow")(shadow)
