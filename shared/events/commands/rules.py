"""Rules to decide by."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.base import Event
from shared.rules.stored import StoredRules


class Configure(Event):
    """From here on decide by these rules. `digest` names them; the same digest changes nothing.

    `how` is `file` where a process found them in its patchbay.yaml: rules that were in force before
    are then left alone. `former` is the version they are taken from. With `over` the command is
    refused unless that version is in force.
    """

    TYPE: ClassVar[str] = "patchbay.command.configure.v1"

    workspace: str
    actor: str = "system"
    digest: str
    rules: StoredRules
    how: Literal["file", "apply", "rollback"] = "apply"
    note: str = ""
    former: int | None = None
    over: int | None = None


class TryRules(Event):
    """Let the routes and classes of these rules decide on a share of the conversations.

    `percent` of all conversation keys, always the same ones. One trial at a time; `over` as in
    Configure.
    """

    TYPE: ClassVar[str] = "patchbay.command.try_rules.v1"

    workspace: str
    actor: str
    digest: str
    rules: StoredRules
    percent: Annotated[float, Field(gt=0, le=100)]
    note: str = ""
    over: int | None = None


class EndTrial(Event):
    """Put the rules that are on trial in force for everybody, or stop the trial."""

    TYPE: ClassVar[str] = "patchbay.command.end_trial.v1"

    workspace: str
    actor: str
    trial: int
    how: Literal["promote", "stop"]
    note: str = ""
