"""Rules that come into force or are tried."""

from dataclasses import dataclass
from typing import Literal

from shared.rules.stored import StoredRules

RulesHow = Literal["file", "apply", "rollback", "promote", "trial"]


TrialEnd = Literal["promoted", "stopped", "replaced"]


@dataclass(slots=True)
class Change:
    """Which version of the rules this is, and who made it. Versions count from 1, without gaps.

    `former` is the version its rules are taken from, `percent` the share of a trial.
    """

    version: int
    how: RulesHow
    by: str = "system"
    note: str = ""
    former: int | None = None
    percent: float | None = None


@dataclass(slots=True)
class Configured:
    """From here on these rules are in force."""

    digest: str
    rules: StoredRules
    at: int
    change: Change
    event: Literal["configured"] = "configured"


@dataclass(slots=True)
class TrialStarted:
    """The routes and classes of these rules decide on a share of the conversations."""

    digest: str
    rules: StoredRules
    at: int
    change: Change
    event: Literal["trial_started"] = "trial_started"


@dataclass(slots=True)
class TrialEnded:
    """The trial of this version is over; `replaced`: other rules came into force meanwhile."""

    version: int
    how: TrialEnd
    at: int
    by: str
    event: Literal["trial_ended"] = "trial_ended"
