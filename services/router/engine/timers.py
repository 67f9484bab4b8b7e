"""What time will bring: one heap in the state, and no task per conversation.

An entry is never removed early. When it falls due, the command it stands for looks at the state and
does nothing if the occasion is gone.
"""

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from services.router.engine.state import State

Kind = Literal["alert", "expire", "forget", "grace", "keep", "lapse", "sweep", "wrap_up"]

CAUSE = "timer"
"""The cause of every decision that a timer made."""


class Timer(NamedTuple):
    """At `at` (Unix milliseconds) something ends. Also the command that ends it.

    `subject` is a conversation id (`forget`, `keep`, `lapse`,
    `wrap_up`), an offer id (`expire`), a
    conversation key (`alert`), or an agent (`grace`); empty for `sweep`.
    """

    at: int
    kind: Kind
    workspace: str
    subject: str


def arm(state: "State", at: int, kind: Kind, workspace: str, subject: str) -> None:
    """Note that something ends then."""
    heappush(state.timers, Timer(at, kind, workspace, subject))


def next_timer(state: "State") -> int | None:
    """When the earliest timer falls due; None without any."""
    return state.timers[0].at if state.timers else None


def due_timers(state: "State", now: int, limit: int = 1000) -> list[Timer]:
    """Take out the timers due by `now`, the earliest first, at most `limit` of them."""
    due: list[Timer] = []
    while state.timers and state.timers[0].at <= now and len(due) < limit:
        due.append(heappop(state.timers))
    return due
