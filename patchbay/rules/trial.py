"""Rules on trial: `patchbay rules try`, `promote` and `stop`."""

from typing import Annotated, Literal

import typer

from patchbay.rules.asking import (
    OUT,
    By,
    File,
    Note,
    Over,
    Workspace,
    author,
    fail,
    known,
    make,
    read_file,
    using,
)
from patchbay.rules.words import not_tried
from shared.events.commands import EndTrial, TryRules
from shared.rules import Rules, digest_of


def attempt(
    file: File,
    share: Annotated[float, typer.Option(min=0.01, max=100, help="Percent of conversations.")],
    workspace: Workspace = None,
    note: Note = "",
    by: By = None,
    over: Over = None,
) -> None:
    """Let the routes and classes in a file decide on a share of the conversations."""
    for name, rules in sorted(read_file(file, workspace).items()):
        _say_what_is_left_out(name, rules)
        make(
            TryRules(
                workspace=name,
                actor=author(by),
                digest=digest_of(rules),
                rules=rules,
                percent=share,
                note=note,
                over=over,
            )
        )


def promote(workspace: Workspace = None, note: Note = "", by: By = None) -> None:
    """Put the rules on trial in force for everybody, as a whole."""
    _end(workspace, "promote", note, by)


def stop(workspace: Workspace = None, note: Note = "", by: By = None) -> None:
    """Stop the trial; the rules in force decide on everything again."""
    _end(workspace, "stop", note, by)


def _end(workspace: str | None, how: Literal["promote", "stop"], note: str, by: str | None) -> None:
    name, versions = known(workspace)
    if versions.trial is None:
        fail(f"nothing is on trial in {name}")
    trial = versions.trial.version
    make(EndTrial(workspace=name, actor=author(by), trial=trial, how=how, note=note))


def _say_what_is_left_out(workspace: str, rules: Rules) -> None:
    present = using(lambda desk: desk.of(workspace)).in_force
    left = [] if present is None else not_tried(present.rules, rules)
    if left:
        OUT.print(f"{workspace}: a trial tries routes and classes, not {', '.join(left)}")
