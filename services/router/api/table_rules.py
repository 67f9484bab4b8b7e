"""The operations on the versions of the rules: a part of the table."""

from services.router.api import answered_rules as out
from services.router.api import asked
from services.router.api.caller import ADMINS
from services.router.api.handlers import rules
from services.router.api.operations import DECIDED, Operation

_BYTES = 1_000_000
"""Rules that fit into a record, written with some white space."""

RULES_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "listRules",
        "GET",
        "/v1/rules",
        "The versions of the rules",
        rules.versions,
        out.RulesVersions,
        "rules",
        roles=ADMINS,
    ),
    Operation(
        "applyRules",
        "POST",
        "/v1/rules",
        "Put rules in force",
        rules.apply,
        out.RulesChanged,
        "rules",
        roles=ADMINS,
        body=asked.RulesIn,
        key="optional",
        problems=("conflict", *DECIDED),
        most_bytes=_BYTES,
        description="As a whole, in one decision. Nothing is applied that has an error.",
    ),
    Operation(
        "rollBackRules",
        "POST",
        "/v1/rules/rollback",
        "Put a former version in force again",
        rules.rollback,
        out.RulesChanged,
        "rules",
        roles=ADMINS,
        body=asked.RulesBack,
        key="optional",
        problems=("not_found", "conflict", *DECIDED),
    ),
    Operation(
        "tryRules",
        "POST",
        "/v1/rules/trial",
        "Let rules decide on a share of the conversations",
        rules.attempt,
        out.RulesChanged,
        "rules",
        roles=ADMINS,
        body=asked.RulesTrialIn,
        key="optional",
        problems=("conflict", *DECIDED),
        most_bytes=_BYTES,
        description="Their routes and classes; all else stays as the rules in force have it.",
    ),
    Operation(
        "promoteRules",
        "POST",
        "/v1/rules/trial/promote",
        "Put the rules on trial in force for everybody",
        rules.promote,
        out.RulesChanged,
        "rules",
        roles=ADMINS,
        body=asked.RulesNote,
        key="optional",
        problems=("conflict", "gone", *DECIDED),
    ),
    Operation(
        "stopTrial",
        "POST",
        "/v1/rules/trial/stop",
        "Stop the trial",
        rules.stop,
        out.RulesChanged,
        "rules",
        roles=ADMINS,
        body=asked.RulesNote,
        key="optional",
        problems=("conflict", "gone", *DECIDED),
    ),
    Operation(
        "getRules",
        "GET",
        "/v1/rules/{version}",
        "One version of the rules",
        rules.version,
        out.RulesText,
        "rules",
        roles=ADMINS,
        problems=("not_found",),
        description="By its number, or `in_force`, `trial`, `former`.",
    ),
)
