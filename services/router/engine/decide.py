"""The engine's front door: one command in, the events it leads to out."""

from collections.abc import Callable, Iterable
from heapq import heappop
from typing import Any

from services.router.engine import (
    alerts,
    batching,
    blocking,
    callbacks,
    closing,
    configure,
    consults,
    handling,
    intake,
    merging,
    offers,
    placing,
    presence,
    ramps,
    snooze,
    steps,
    transfers,
    trials,
    waits,
    wrap_up,
)
from services.router.engine.evolve import apply, remember
from services.router.engine.helping import help_again
from services.router.engine.state import State
from services.router.engine.timers import Kind, Timer
from services.router.engine.turn import Context, Turn
from shared.events import commands
from shared.events.commands import Command
from shared.events.inbound import CustomerEvent
from shared.events.routing import RoutingEvent

Input = Command | CustomerEvent | Timer


def decide(state: State, command: Input, context: Context) -> tuple[RoutingEvent, ...]:
    """What this input leads to, now.

    Every event returned has been applied to `state` by `evolve`, and nothing else has: applying
    the same events to the state before gives the state after. An input whose cause was decided on
    lately is answered with Unchanged, whatever it is. No events: it meant nothing.
    """
    workspace = state.workspace(command.workspace)
    if context.now > state.latest:
        state.latest = context.now
    turn = Turn(state, workspace, state.latest, context.cause)
    if workspace.lapses:
        _let_lapse(turn)
    if context.cause in workspace.known:
        turn.unchanged()
    else:
        _HANDLERS[type(command)](turn, command)
    if workspace.left or workspace.deserted:
        steps.leave(turn)
    if workspace.donors:
        help_again(turn)
    if turn.events:
        remember(state, workspace, turn.now, context.cause)
    return tuple(turn.events)


def replay(
    state: State, workspace: str, at: int, cause: str, events: Iterable[RoutingEvent]
) -> None:
    """Apply a recorded decision: the other way to the same state."""
    known = state.workspace(workspace)
    for event in events:
        apply(state, known, event)
    remember(state, known, at, cause)


def _let_lapse(turn: Turn) -> None:
    """First of all, what some agent was kept from until now may be his: nothing may overtake it."""
    lapses, lapsed = turn.workspace.lapses, []
    while lapses and lapses[0][0] <= turn.now:
        conversation = turn.workspace.conversations.get(heappop(lapses)[1])
        if conversation is not None and conversation.status == "waiting":
            lapsed.append(conversation)
    if lapsed:
        placing.place_all(turn, lapsed)


def _on_timer(turn: Turn, timer: Timer) -> None:
    _TIMERS[timer.kind](turn, timer)


_TIMERS: dict[Kind, Callable[[Turn, Timer], None]] = {
    "batch": lambda turn, timer: batching.match(turn, timer.at),
    "expire": lambda turn, timer: offers.expire(turn, timer.subject, timer.at),
    "wrap_up": lambda turn, timer: wrap_up.over(turn, timer.subject, timer.at),
    "forget": lambda turn, timer: closing.forget(turn, timer.subject, timer.at),
    "keep": lambda turn, timer: placing.keep_over(turn, timer.subject, timer.at),
    "wake": lambda turn, timer: snooze.wake_in_time(turn, timer.subject, timer.at),
    "callback": lambda turn, timer: callbacks.due(turn, timer.subject, timer.at),
    "dial": lambda turn, timer: callbacks.rang_out(turn, timer.subject, timer.at),
    "unblock": lambda turn, timer: blocking.block_over(turn, timer.subject, timer.at),
    "alert": lambda turn, timer: alerts.forget_alert(turn, timer.subject, timer.at),
    "grace": lambda turn, timer: presence.grace_over(turn, timer.subject, timer.at),
    "hours": lambda turn, timer: configure.hours_over(turn, timer.subject, timer.at),
    "limit": lambda turn, timer: waits.limit(turn, timer.subject, timer.at),
    "sweep": lambda turn, timer: configure.sweep(turn),
    "ramp": lambda turn, timer: ramps.ramp_over(turn, timer.subject, timer.at),
    "step": lambda turn, timer: steps.step_over(turn, timer.subject, timer.at),
    "steps": lambda _turn, _timer: None,  # done after any command
    "lapse": lambda _turn, _timer: None,  # done before any command
}
_HANDLERS: dict[type, Callable[[Turn, Any], None]] = {
    CustomerEvent: intake.take_in,
    Timer: _on_timer,
    commands.SetPresence: presence.set_presence,
    commands.LosePresence: presence.lose,
    commands.ResumePresence: presence.resume,
    commands.AcceptOffer: offers.accept,
    commands.BeginAccept: offers.begin,
    commands.DeclineOffer: offers.decline,
    commands.Transfer: transfers.transfer,
    commands.Snooze: snooze.snooze,
    commands.Wake: snooze.wake,
    commands.Merge: merging.merge,
    commands.Split: merging.split,
    commands.RequestCallback: callbacks.request,
    commands.NoteCall: callbacks.note_call,
    commands.Consult: consults.consult,
    commands.EndConsult: consults.end_consult,
    commands.BlockSender: blocking.block,
    commands.UnblockSender: blocking.unblock,
    commands.Close: handling.close,
    commands.AskWrapUp: wrap_up.ask,
    commands.ExtendWrapUp: wrap_up.extend,
    commands.EndWrapUp: wrap_up.end,
    commands.Configure: configure.configure,
    commands.TryRules: trials.try_rules,
    commands.EndTrial: trials.end_trial,
    commands.NoteAlert: alerts.note_alert,
    commands.NoteDelivery: handling.note_delivery,
}
