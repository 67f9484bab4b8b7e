"""Queues: figures, hours, staff and waits."""

from typing import Any

from pydantic import Field

from shared.estimate import Model
from shared.figures.occupancy import Worked
from shared.figures.tally import Row
from shared.views.documents.base import Document


class Answered(Document):
    """One wait that an agent ended."""

    at: int
    waited: int


class Waits(Document):
    """The latest answered waits of one channel, oldest first."""

    recent: list[Answered] = []


class Figures(Document):
    """What was counted in one interval, by `queue/channel/class`."""

    rows: dict[str, Row] = {}


class WorkedTime(Document):
    """The time of all agents in one interval."""

    sum: Worked = Field(default_factory=Worked)


class Targets(Document):
    """What the rules in force say: per queue the target and the short wait, in milliseconds, and
    how long somebody is kept from what he gave away."""

    queues: dict[str, tuple[int, int]] = {}
    decline_ms: int = 0


class Turned(Document):
    """Whether some hours are open, and until when they stay so (None: for ever)."""

    open: bool
    until: int | None = None


class Hours(Document):
    """How each opening hours of the rules stand, since they turned last."""

    standing: dict[str, Turned] = {}


class Staff(Document):
    """How many units each agent of the rules in force can take at once."""

    units: dict[str, int] = {}


class LinePace(Document):
    """How what waits with the same queue, channel and skills moves, as of `at`. `place` is that in
    this line of whoever stands at `position` among all the queue has on the channel."""

    channel: str
    requires: dict[str, Any] = {}
    model: Model
    gap_ms: int
    known: int
    position: int
    place: int
    at: int


class Outlook(Document):
    """What the waits of one queue look like ahead: its lines, the latest estimates last. `verdicts`
    are how the latest estimates turned out, by channel, a letter for each. While it is not `open`,
    nothing is said."""

    open: bool = True
    lines: dict[str, LinePace] = {}
    verdicts: dict[str, str] = {}
