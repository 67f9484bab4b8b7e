"""What the events of rules and their trials do to the state."""

from services.router.engine.hours import Turned, closed_queues, remind_to_turn
from services.router.engine.index import employ, rebuild, shut
from services.router.engine.lines import turned
from services.router.engine.overflow import donors
from services.router.engine.routes import Routing
from services.router.engine.state import State, Workspace
from services.router.engine.timers import arm
from services.router.engine.versions import begin_trial, remember
from shared.events import routing


def configured(_state: State, workspace: Workspace, event: routing.Configured) -> None:
    """Other rules, and with them other agents, profiles and classes."""
    workspace.rules = event.rules
    workspace.digest = event.digest
    workspace.in_force = event.change.version
    remember(workspace, event.digest, event.at, event.change)
    workspace.settled = False
    workspace.routing = Routing(event.rules)
    known = workspace.hours.items()
    workspace.hours = {name: turned for name, turned in known if name in event.rules.hours}
    workspace.closed = closed_queues(workspace)
    workspace.lines = {
        key: line
        for key, line in workspace.lines.items()
        if line.waiting or key[0] in event.rules.queues
    }
    employ(workspace, event.rules)
    rebuild(workspace)


def trial_started(_state: State, workspace: Workspace, event: routing.TrialStarted) -> None:
    """Other routes and classes for some."""
    remember(workspace, event.digest, event.at, event.change)
    begin_trial(workspace, event.digest, event.rules, event.change)
    workspace.donors = donors(workspace)
    workspace.settled = False


def trial_ended(_state: State, workspace: Workspace, _event: routing.TrialEnded) -> None:
    """The rules in force are everybody's again."""
    workspace.trial = None
    workspace.donors = donors(workspace)
    workspace.settled = False


def hours_turned(state: State, workspace: Workspace, event: routing.HoursTurned) -> None:
    """Queues open or close. What waits in one that opens has to be looked at."""
    workspace.hours[event.hours] = Turned(event.open, event.since, event.until)
    remind_to_turn(state, workspace, event.hours)
    shut(workspace, closed_queues(workspace))
    turned(workspace, event.at)
    if event.open:
        workspace.settled = False


def batch_begun(state: State, workspace: Workspace, event: routing.BatchBegun) -> None:
    """Nothing is matched until then."""
    workspace.batch_until = event.until
    arm(state, event.until, "batch", workspace.name, "")


def batch_ended(_state: State, workspace: Workspace, _event: routing.BatchEnded) -> None:
    """All is being matched."""
    workspace.batch_until = 0
