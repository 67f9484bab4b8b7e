"""Lines: what waits for the same agents, how long it is, where one stands in it, how it moves.

Every skill class is in two lines: that of its queue, channel and skills, and that of all its queue
has on the channel. Told by `evolve` and by a restore only.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.estimate import Pace
from shared.ids import derived_id
from shared.rules.needs import Requires

if TYPE_CHECKING:
    from services.router.engine.skills import SkillClass
    from services.router.engine.state import Conversation, Workspace

LineKey = tuple[str, str, Requires | None]
"""Queue, channel and skills; None for all that the queue has on the channel."""

_FINE, _SECONDS, _HOURS, _DAYS = 8, 15, 22, 29
"""Counted in steps of 256 ms, 33 s, 70 min and 6 days: 128 of one make one of the next."""
_DIGIT = 7
_NEVER = -(2**63)


class Ranks:
    """How many stand before somebody, without looking at them: counts per step of time.

    An order statistic over digits of the key: four counts to change, at most 127 per digit to add
    up, however many wait. Within a quarter of a second of each other two stand at the same place.
    """

    __slots__ = ("_days", "_digits", "_fine", "_last", "size")

    def __init__(self) -> None:
        self._fine: dict[int, int] = {}
        self._days: dict[int, int] = {}
        self._digits: tuple[tuple[dict[int, int], int], ...] = (
            (self._fine, _FINE),
            ({}, _SECONDS),
            ({}, _HOURS),
            (self._days, _DAYS),
        )
        self._last = _NEVER
        self.size = 0

    def add(self, due: int) -> None:
        """Somebody with this key joins."""
        self.size += 1
        if due > self._last:
            self._last = due
        for counts, bits in self._digits:
            step = due >> bits
            counts[step] = counts.get(step, 0) + 1

    def drop(self, due: int) -> None:
        """One of them leaves."""
        self.size -= 1
        if not self.size:
            self._last = _NEVER
        for counts, bits in self._digits:
            step = due >> bits
            count = counts[step]
            if count == 1:
                del counts[step]
            else:
                counts[step] = count - 1

    def before(self, due: int) -> int:
        """How many have a lower key than one of those who wait with `due`."""
        if due >> _FINE >= self._last >> _FINE:
            return self.size - 1
        top = due >> _DAYS
        found = sum(count for step, count in self._days.items() if step < top)
        for counts, bits in self._digits[:-1]:
            step = due >> bits
            begin = step >> _DIGIT << _DIGIT
            if counts and begin < step:
                found += sum(counts.get(other, 0) for other in range(begin, step))
        nobody_behind = found + self._fine[due >> _FINE] == self.size
        return self.size - 1 if nobody_behind else found


@dataclass(slots=True, eq=False)
class Line:
    """One line, and what others call it. `levels` has the order within each level of strict
    priority; `waiting` is all. `said` is when something was last said of how it moves."""

    name: str = ""
    pace: Pace = field(default_factory=Pace)
    said: int = 0
    waiting: int = 0
    levels: dict[int, Ranks] = field(default_factory=dict)

    def place(self, level: int, due: int) -> int:
        """Where one of those who wait stands, from 1."""
        ahead = sum(ranks.size for other, ranks in self.levels.items() if other < level)
        ranks = self.levels.get(level)
        return ahead + 1 + (0 if ranks is None else ranks.before(due))


def lines_of(
    workspace: "Workspace", queue: str, channel: str, requires: "Requires"
) -> tuple[Line, Line]:
    """The two lines of a skill class: its own and its queue's."""
    return _line(workspace, (queue, channel, requires)), _line(workspace, (queue, channel, None))


def name_of(key: LineKey) -> str:
    """What the record calls a line."""
    queue, channel, needs = key
    return derived_id("lin", queue, channel, repr(needs))


def _line(workspace: "Workspace", key: "LineKey") -> Line:
    found = workspace.lines.get(key)
    if found is None:
        found = workspace.lines[key] = Line(name_of(key))
    return found


def joined(wanted: "SkillClass", level: int, due: int) -> None:
    """One more waits. Only the queue's line knows places: the class's follows from its share."""
    own, queue = wanted.lines
    own.waiting += 1
    queue.waiting += 1
    ranks = queue.levels.get(level)
    if ranks is None:
        ranks = queue.levels[level] = Ranks()
    ranks.add(due)


def left(wanted: "SkillClass", level: int, due: int) -> None:
    """One less does, whatever became of it."""
    own, queue = wanted.lines
    own.waiting -= 1
    queue.waiting -= 1
    queue.levels[level].drop(due)


def began(conversation: "Conversation", at: int) -> None:
    """It waits since then. Where it is the only one, the line's time begins to count."""
    wanted = conversation.skill_class
    if wanted is not None and not wanted.closed:
        for line in wanted.lines:
            if line.waiting == 1:
                line.pace.begin(at)


def departed(conversation: "Conversation", at: int) -> None:
    """It was offered to an agent, for the first time since it came. Not if nobody had to wait."""
    wanted = conversation.skill_class
    if wanted is None or conversation.called:
        return
    waited = conversation.queued_at < at
    for line in wanted.lines:
        if waited:
            line.pace.depart(at, empty=not line.waiting)
        elif not line.waiting:
            line.pace.since = 0


def gave_up(conversation: "Conversation", at: int) -> None:
    """It left the line by another way. The line goes on, or its time stops."""
    wanted = conversation.skill_class
    if wanted is not None:
        for line in wanted.lines:
            if not line.waiting:
                line.pace.pause(at)


def said(conversation: "Conversation", at: int) -> None:
    """Something was said of how its line moves."""
    wanted = conversation.skill_class
    if wanted is not None:
        wanted.lines[0].said = at


def turned(workspace: "Workspace", at: int) -> None:
    """Queues opened or closed: the time of lines counts while somebody is offered what waits."""
    for (queue, _, _), line in workspace.lines.items():
        if queue in workspace.closed:
            line.pace.pause(at)
        elif line.waiting and not line.pace.since:
            line.pace.begin(at)
