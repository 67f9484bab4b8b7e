"""What the API answers to admins about the versions of the rules."""

from datetime import datetime
from typing import Any, Literal

from services.router.api.answered import Answer
from shared.events.routing import RulesHow, TrialEnd


class RulesVersionOut(Answer):
    """One change of the rules. `former` is the version they were taken from, `percent` the share of
    a trial, `ended` how it ended."""

    version: int
    state: Literal["in_force", "on_trial", "tried", "former"]
    how: RulesHow
    digest: str
    at: datetime
    by: str
    note: str
    former: int | None
    percent: float | None
    ended: TrialEnd | None


class RulesWarning(Answer):
    """What will disappoint, such as a requirement that nobody can ever meet; `pointer` is its
    place in the rules (RFC 6901)."""

    pointer: str
    message: str
    hint: str


class RulesVersions(Answer):
    """Every change, the latest first, and what will disappoint of the rules in force."""

    in_force: int | None
    trial: int | None
    warnings: list[RulesWarning]
    versions: list[RulesVersionOut]


class RulesText(Answer):
    """One version with its rules, as `POST /v1/rules` takes them."""

    version: RulesVersionOut
    rules: dict[str, Any]


class RulesChanged(Answer):
    """What is decided by from now on. `changed` is false where it was so already."""

    changed: bool
    in_force: int | None
    trial: int | None
