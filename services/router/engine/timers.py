"""What time will bring: in the state, and no task per conversation.

When an entry falls due, the command it stands for looks at the state and does nothing if the
occasion is gone. So nobody has to take an entry out; what piles up is swept out now and then, by
`occasions`, a few entries with every decision.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from services.router.engine.state import State

Kind = Literal[
    "alert",
    "batch",
    "callback",
    "dial",
    "expire",
    "forget",
    "grace",
    "hours",
    "keep",
    "lapse",
    "limit",
    "ramp",
    "step",
    "steps",
    "sweep",
    "unblock",
    "wake",
    "wrap_up",
]

CAUSE = "timer"
"""The cause of every decision that a timer made."""


_SPARE = 4_096
_PIECE = 4


class Timer(NamedTuple):
    """At `at` (Unix milliseconds) something ends. Also the command that ends it.

    `subject` is a conversation id (`forget`, `callback`, `dial`, `keep`, `lapse`, `wake`,
    `step`, `wrap_up`), an offer id (`expire`), a
    conversation key (`alert`), or an agent (`grace`, `ramp`); empty for `batch`, `steps`
    and `sweep`.
    """

    at: int
    kind: Kind
    workspace: str
    subject: str


@dataclass(slots=True, eq=False)
class Timers:
    """Everything that is armed, in two heaps: while it is swept, entries move from the old one to
    the new one. `limit` is how many there may be before the next sweep, `tended` how many were in
    the new heap when it was last gone on with: for each that came since, some are looked at.
    """

    heap: list[Timer] = field(default_factory=list)
    old: list[Timer] = field(default_factory=list)
    limit: int = _SPARE
    tended: int = 0

    def __len__(self) -> int:
        return len(self.heap) + len(self.old)

    def first(self) -> Timer | None:
        """The earliest; None without any."""
        if self.old and (not self.heap or self.old[0] < self.heap[0]):
            return self.old[0]
        return self.heap[0] if self.heap else None

    def take(self) -> Timer:
        """Take out the earliest. Raises IndexError without any."""
        from_old = self.old and (not self.heap or self.old[0] < self.heap[0])
        return heappop(self.old if from_old else self.heap)

    def tend(self, gone: Callable[[Timer], bool]) -> None:
        """Go on sweeping, where there is much: a few entries, whatever their number."""
        if not self.old:
            if len(self.heap) <= self.limit:
                return
            self.old, self.heap, self.tended = self.heap, [], 0
        armed = max(1, len(self.heap) - self.tended)
        for _ in range(min(_PIECE * armed, len(self.old))):
            timer = self.old.pop()  # the last of a heap: what is left is one, too
            if not gone(timer):
                heappush(self.heap, timer)
        if not self.old:
            self.limit = 2 * len(self.heap) + _SPARE
        self.tended = len(self.heap)


def arm(state: "State", at: int, kind: Kind, workspace: str, subject: str) -> None:
    """Note that something ends then."""
    heappush(state.timers.heap, Timer(at, kind, workspace, subject))


def next_timer(state: "State") -> int | None:
    """When the earliest timer falls due; None without any."""
    first = state.timers.first()
    return None if first is None else first.at


def due_timers(state: "State", now: int, limit: int = 1000) -> list[Timer]:
    """Take out the timers due by `now`, the earliest first, at most `limit` of them; equal ones
    count as one.
    """
    due: list[Timer] = []
    timers = state.timers
    while len(due) < limit and (first := timers.first()) is not None and first.at <= now:
        timers.take()
        if not due or due[-1] != first:
            due.append(first)
    return due
