"""What each event does to the state: the only place that changes it.

The owner applies an event here as it decides it, a rebuild as it reads it; both end up with the
same state.
"""

from collections.abc import Callable
from typing import Any

from services.router.engine import (
    evolve_agents,
    evolve_blocked,
    evolve_calls,
    evolve_consults,
    evolve_conversations,
    evolve_rules,
)
from services.router.engine.index import take_seats
from services.router.engine.occasions import tend
from services.router.engine.state import RECENT_CAUSES, State, Workspace
from services.router.engine.timers import CAUSE
from shared.events import routing
from shared.events.routing import RoutingEvent


def evolve(state: State, workspace: str, event: RoutingEvent) -> None:
    """Apply one event of a valid decision, in place."""
    apply(state, state.workspace(workspace), event)


def apply(state: State, known: Workspace, event: RoutingEvent) -> None:
    """`evolve` for who has the workspace in hand."""
    if state.capture is not None:
        state.capture.before(known, event)
    HANDLERS[type(event)](state, known, event)


def remember(state: State, known: Workspace, at: int, cause: str) -> None:
    """Apply what a decision says besides its events: when it was made, and from which input."""
    if known.left:
        known.left.clear()
    if known.standing:
        take_seats(known)
    if at > state.now:
        state.now = at
    if at > state.latest:
        state.latest = at
    tend(state)
    if cause == CAUSE or cause in known.known:
        return
    recent = known.recent
    recent.append(cause)
    known.known.add(cause)
    if len(recent) > RECENT_CAUSES:
        known.known.discard(recent.popleft())


def _nothing(_state: State, _workspace: Workspace, _event: object) -> None:
    """Says something to whoever asked, and changes nothing."""


HANDLERS: dict[type, Callable[[State, Workspace, Any], None]] = {
    routing.Opened: evolve_conversations.opened,
    routing.Reopened: evolve_conversations.reopened,
    routing.Attached: evolve_conversations.attached,
    routing.Enriched: evolve_conversations.enriched,
    routing.Queued: evolve_conversations.queued,
    routing.BatchBegun: evolve_rules.batch_begun,
    routing.BatchEnded: evolve_rules.batch_ended,
    routing.Stepped: evolve_conversations.stepped,
    routing.Offered: evolve_agents.offered,
    routing.Accepting: evolve_agents.accepting,
    routing.OfferEnded: evolve_agents.offer_ended,
    routing.Assigned: evolve_agents.assigned,
    routing.Snoozed: evolve_agents.snoozed,
    routing.Woken: evolve_agents.woken,
    routing.Merged: evolve_conversations.merged,
    routing.Unmerged: evolve_conversations.unmerged,
    routing.SplitOff: evolve_conversations.split_off,
    routing.SenderBlocked: evolve_blocked.sender_blocked,
    routing.SenderUnblocked: evolve_blocked.sender_unblocked,
    routing.Ignored: _nothing,
    routing.Consulted: evolve_consults.consulted,
    routing.CallbackAsked: evolve_calls.callback_asked,
    routing.CallbackMissed: evolve_calls.callback_missed,
    routing.Dialled: evolve_calls.dialled,
    routing.DialEnded: evolve_calls.dial_ended,
    routing.Responded: evolve_conversations.responded,
    routing.Released: evolve_agents.released,
    routing.Closed: evolve_conversations.closed,
    routing.WrapUpStarted: evolve_agents.wrap_up_started,
    routing.WrapUpAsked: evolve_agents.wrap_up_asked,
    routing.WrapUpExtended: evolve_agents.wrap_up_extended,
    routing.WrapUpCoded: evolve_agents.wrap_up_coded,
    routing.WrapUpEnded: evolve_agents.wrap_up_ended,
    routing.Forgotten: evolve_conversations.forgotten,
    routing.PresenceChanged: evolve_agents.presence_changed,
    routing.RampEnded: evolve_agents.ramp_ended,
    routing.AlertNoted: evolve_conversations.alert_noted,
    routing.AlertForgotten: evolve_conversations.alert_forgotten,
    routing.HoursTurned: evolve_rules.hours_turned,
    routing.Estimated: evolve_conversations.estimated,
    routing.WaitLimited: evolve_conversations.wait_limited,
    routing.Told: evolve_conversations.told,
    routing.Configured: evolve_rules.configured,
    routing.TrialStarted: evolve_rules.trial_started,
    routing.TrialEnded: evolve_rules.trial_ended,
    routing.Refused: _nothing,
    routing.Warned: _nothing,
    routing.Unchanged: _nothing,
}
