"""Topic `rules`: every version of every workspace's rules, derived from the record and kept.

The record says what is in force, but is kept for a month; rules may be in force for years. Who
decided on a version is part of its key, so that of two records of one number the one with the
higher epoch counts, in whatever order they come.
"""

from typing import ClassVar

from shared.events.base import Event
from shared.events.routing import RulesHow, TrialEnd
from shared.rules.stored import StoredRules


class RulesVersion(Event):
    """One change of a workspace's rules, with their text. `at` is in Unix milliseconds.

    `former` is the version that the rules are taken from, `percent` the share of a trial.
    """

    TYPE: ClassVar[str] = "patchbay.rules.version.v1"

    workspace: str
    version: int
    epoch: int
    how: RulesHow
    digest: str
    at: int
    by: str
    note: str = ""
    former: int | None = None
    percent: float | None = None
    rules: StoredRules


class RulesTrialEnded(Event):
    """The trial of a version is over."""

    TYPE: ClassVar[str] = "patchbay.rules.trial_ended.v1"

    workspace: str
    version: int
    epoch: int
    how: TrialEnd
    at: int
    by: str
