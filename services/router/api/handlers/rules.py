"""The versions of the rules: list them, apply, take back, try."""

from typing import Any

from services.router.api import answered_rules as out
from services.router.api.asked import RulesBack, RulesIn, RulesNote, RulesTrialIn
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Fault, Problem
from shared.clock import from_milliseconds
from shared.config.rules import inspect_data, warnings_of
from shared.config.source import Problem as Found
from shared.events.commands import Command, Configure, EndTrial, TryRules
from shared.events.routing import Configured, TrialEnded, TrialStarted
from shared.events.rules import RulesVersion
from shared.rules import Rules, digest_of
from shared.versions import Versions

_MOST_FAULTS = 50


async def versions(call: Call) -> Said:
    """Every change, and what will disappoint of what is in force."""
    known = _known(call)
    rules = call.parts.book.rules(call.caller.workspace) or Rules()
    present, trial = known.in_force, known.trial
    return Said(
        out.RulesVersions(
            in_force=None if present is None else present.version,
            trial=None if trial is None else trial.version,
            warnings=[
                out.RulesWarning(pointer=_pointer(one), message=one.message, hint=one.hint)
                for one in warnings_of(rules)
            ],
            versions=[_row(known, one) for one in known.history],
        )
    )


async def version(call: Call) -> Said:
    """One of them, with its text."""
    known = _known(call)
    found = _version(known, call.path["version"])
    rules = found.rules.model_dump(mode="json", exclude_defaults=True)
    return Said(out.RulesText(version=_row(known, found), rules=rules))


async def apply(call: Call) -> Said:
    """Check them and put them in force."""
    given: RulesIn = call.body
    rules = _checked(call, given.rules)
    return await _changed(
        call,
        Configure(
            workspace=call.caller.workspace,
            actor=call.caller.agent,
            digest=digest_of(rules),
            rules=rules,
            note=given.note,
            over=given.over,
        ),
    )


async def rollback(call: Call) -> Said:
    """Put a former version in force again."""
    given: RulesBack = call.body
    known = _known(call)
    back = known.former() if given.version is None else _version(known, str(given.version))
    if back is None:
        raise Problem("conflict", "Nothing was in force before these rules.")
    present = known.in_force
    return await _changed(
        call,
        Configure(
            workspace=call.caller.workspace,
            actor=call.caller.agent,
            digest=back.digest,
            rules=back.rules,
            how="rollback",
            note=given.note,
            former=back.version,
            over=None if present is None else present.version,
        ),
    )


async def attempt(call: Call) -> Said:
    """Let their routes and classes decide on a share of the conversations."""
    given: RulesTrialIn = call.body
    rules = _checked(call, given.rules)
    return await _changed(
        call,
        TryRules(
            workspace=call.caller.workspace,
            actor=call.caller.agent,
            digest=digest_of(rules),
            rules=rules,
            percent=given.percent,
            note=given.note,
            over=given.over,
        ),
    )


async def promote(call: Call) -> Said:
    """Put the rules on trial in force for everybody."""
    return await _changed(call, _end(call, "promote"))


async def stop(call: Call) -> Said:
    """Stop the trial."""
    return await _changed(call, _end(call, "stop"))


def _end(call: Call, how: Any) -> EndTrial:
    given: RulesNote = call.body
    trial = _known(call).trial
    if trial is None:
        raise Problem("conflict", "Nothing is on trial.")
    workspace, actor = call.caller.workspace, call.caller.agent
    return EndTrial(workspace=workspace, actor=actor, trial=trial.version, how=how, note=given.note)


async def _changed(call: Call, command: Command) -> Said:
    decision = await call.parts.commands.ask(command, correlation(call))
    call.parts.book.note(decision)
    known = _known(call)
    changes = (Configured, TrialStarted, TrialEnded)
    return Said(
        out.RulesChanged(
            changed=any(isinstance(event, changes) for event in decision.events),
            in_force=None if known.in_force is None else known.in_force.version,
            trial=None if known.trial is None else known.trial.version,
        )
    )


def _checked(call: Call, given: dict[str, Any]) -> Rules:
    """Raises Problem `invalid`, naming every place that is wrong."""
    name = call.caller.workspace
    known = call.parts.config.workspaces[name]
    content: dict[str, Any] = {
        "rules": given,
        "channels": {
            account: {"channel": settings.channel} for account, settings in known.channels.items()
        },
        "alerts": {alert: {} for alert in known.alerts},
    }
    rules, problems = inspect_data(name, content)
    wrong = [problem for problem in problems if not problem.warning]
    if rules is None or wrong:
        faults = [Fault(f"/rules{_pointer(one)}", _told(one)) for one in wrong[:_MOST_FAULTS]]
        raise Problem("invalid", f"{len(wrong)} places of the rules are wrong.", faults=faults)
    return rules


def _told(problem: Found) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _pointer(problem: Found) -> str:
    """Its place below `rules`; the path is `workspaces.<name>.rules.…`."""
    return "".join(f"/{step}" for step in problem.path.split(".")[3:])


def _known(call: Call) -> Versions:
    return call.parts.book.versions(call.caller.workspace)


def _version(known: Versions, name: str) -> RulesVersion:
    named = {"in_force": known.in_force, "trial": known.trial, "former": known.former()}
    found = known.version(int(name)) if name.isdecimal() else named.get(name)
    if found is None:
        raise Problem("not_found", "There is no such version of the rules.")
    return found


def _row(known: Versions, one: RulesVersion) -> out.RulesVersionOut:
    end = known.trial_end(one.version)
    return out.RulesVersionOut(
        version=one.version,
        state=known.state(one),
        how=one.how,
        digest=one.digest,
        at=from_milliseconds(one.at),
        by=one.by,
        note=one.note,
        former=one.former,
        percent=one.percent,
        ended=None if end is None else end.how,
    )
