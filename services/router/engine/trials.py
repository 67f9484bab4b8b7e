"""Rules on trial: their routes and classes decide on a share of the conversations."""

from services.router.engine.configure import look_again, look_at_all, put_in_force, sweep
from services.router.engine.turn import Turn
from services.router.engine.versions import change
from shared.events.commands import EndTrial, TryRules
from shared.events.routing import Refused, TrialEnded, TrialStarted
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, rules_size


def try_rules(turn: Turn, command: TryRules) -> None:
    """Begin a trial. What waits is looked at again, as with any new rules."""
    workspace = turn.workspace
    if workspace.trial is not None:
        running = workspace.trial
        if running.digest == command.digest and running.percent == command.percent:
            return turn.unchanged()
        detail = f"Version {running.version} is on trial: promote or stop it first."
        return turn.refuse(Refused("conflict", detail))
    if command.over is not None and command.over != workspace.in_force:
        detail = f"Version {workspace.in_force} is in force, not version {command.over}."
        return turn.refuse(Refused("conflict", detail))
    if rules_size(command.rules) > MOST_RULES:
        return turn.refuse(Refused("invalid", f"{MOST_RULES:,} bytes of rules fit into a record."))
    strange = _strange_queues(workspace.rules, command.rules)
    if strange:
        detail = f"A trial tries routes and classes; no rules in force have a queue {strange[0]!r}."
        return turn.refuse(Refused("invalid", detail))
    made = change(workspace, "trial", command.actor, command.note, percent=command.percent)
    turn.emit(TrialStarted(command.digest, command.rules, turn.now, made))
    return look_at_all(turn, command.rules)


def end_trial(turn: Turn, command: EndTrial) -> None:
    """Promote the rules on trial as a whole, or go on as before."""
    workspace, trial = turn.workspace, turn.workspace.trial
    if trial is None or trial.version != command.trial:
        detail = f"Version {command.trial} is not on trial."
        return turn.refuse(Refused("gone", detail))
    if command.how == "promote":
        turn.emit(TrialEnded(trial.version, "promoted", turn.now, command.actor))
        made = change(workspace, "promote", command.actor, command.note, former=trial.version)
        return put_in_force(turn, trial.digest, trial.rules, made)
    turn.emit(TrialEnded(trial.version, "stopped", turn.now, command.actor))
    look_again(turn.state, workspace)
    return sweep(turn)


def _strange_queues(rules: Rules, tried: Rules) -> list[str]:
    """The queues that the routes on trial lead to and the rules in force do not have."""
    named = {route.queue for route in tried.routes}
    for step in (step for route in tried.routes for step in route.steps):
        named.update(step.also or (), () if step.queue is None else (step.queue,))
    return sorted(named - rules.queues.keys())
