"""Which timers need not be waited for any more, because what they stand for is over.

An offer that was accepted at once has its timer for as long as it would have been valid: without
this, what is armed would grow with what happens, not with what there is. A kind that is not in
the table is left until it falls due.
"""

from collections.abc import Callable, Mapping

from services.router.engine.state import Conversation, State, Workspace
from services.router.engine.threads import remembered_until
from services.router.engine.timers import Kind, Timer


def tend(state: State) -> None:
    """Sweep out a few of the timers whose occasion is gone. Between two decisions only."""
    timers = state.timers
    if timers.old or len(timers.heap) > timers.limit:
        timers.tend(lambda timer: _gone(state, timer))


def _gone(state: State, timer: Timer) -> bool:
    over = _OVER.get(timer.kind)
    return over is not None and over(state.workspace(timer.workspace), timer)


def _on(
    over: Callable[[Conversation, int], bool],
) -> Callable[[Workspace, Timer], bool]:
    """By its conversation; over when nobody knows it any more."""

    def look(workspace: Workspace, timer: Timer) -> bool:
        found = workspace.conversations.get(timer.subject)
        return found is None or over(found, timer.at)

    return look


def _alert(workspace: Workspace, timer: Timer) -> bool:
    thread = workspace.threads.get(timer.subject)
    return thread is None or thread.alert is None or thread.alert.until > timer.at


def _expire(workspace: Workspace, timer: Timer) -> bool:
    offer = workspace.offers.get(timer.subject)
    if offer is None or offer.conversation.status != "offered":
        return True
    return offer.expires_at > timer.at


_OVER: Mapping[Kind, Callable[[Workspace, Timer], bool]] = {
    "alert": _alert,
    "expire": _expire,
    "forget": _on(lambda known, at: known.status != "closed" or remembered_until(known) > at),
    "keep": _on(lambda known, at: known.kept_for is None or known.kept_until > at),
    "limit": _on(lambda known, _: known.status in ("closed", "held")),
    "lapse": _on(lambda known, _: not known.shunned),
    "step": _on(lambda known, at: not known.step_at or known.step_at > at),
    "callback": _on(lambda known, at: not known.callback_at or known.callback_at > at),
    "dial": _on(lambda known, at: known.status != "dialling" or known.callback_at > at),
    "wake": _on(lambda known, at: not known.snoozed_until or known.snoozed_until > at),
    "wrap_up": _on(lambda known, at: known.agent is None or known.wrap_up_until > at),
}
