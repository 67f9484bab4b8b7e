"""What the API answers to supervisors, about queues, agents and waits."""

from datetime import datetime
from typing import Literal

from services.router.api.answered import Answer, ExpectedWait, Summary
from services.router.api.answered_figures import ServiceLevelNow
from shared.events.commands import PresenceState


class QueueAgents(Answer):
    """Agents of a queue by what they could do now. `available` have room for one more."""

    available: int
    busy: int
    away: int


class EstimatesKept(Answer):
    """How the latest estimates on a channel turned out: `judged` waits, of which so many ended
    within p50 (should be half) and within p90 (nine in ten). Of `unknown` ones nothing was said."""

    judged: int
    within_p50: int
    within_p90: int
    unknown: int


class Queue(Answer):
    """`expected` is the wait of whoever comes now and has to wait, by channel; `estimates` how good
    such estimates have been. `open` is false outside its hours; `turns_at` is when that changes."""

    name: str
    title: str
    depth: int
    offered: int
    oldest_wait_seconds: float | None
    open: bool
    turns_at: datetime | None
    expected: dict[str, ExpectedWait]
    estimates: dict[str, EstimatesKept]
    agents: QueueAgents
    service_level: ServiceLevelNow


class Queues(Answer):
    as_of: datetime
    queues: list[Queue]


class QueueContent(Answer):
    """What waits, in the order in which it will be offered; `depth` is the whole queue."""

    queue: str
    depth: int
    conversations: list[Summary]


class WorkItem(Answer):
    conversation: str
    channel: str
    phase: Literal["offered", "accepting", "held", "wrap_up"]
    since: datetime
    until: datetime | None


class AgentOut(Answer):
    name: str
    title: str
    role: str
    queues: list[str]
    state: PresenceState
    reason: str | None
    channels: list[str]
    keeps_until: datetime | None
    since: datetime | None
    load: int
    work: list[WorkItem]


class Agents(Answer):
    as_of: datetime
    agents: list[AgentOut]


class ChannelWait(Answer):
    """`typical_seconds` is the median of the last `answers` waits. `expected` is the wait of who
    comes now and has to wait, by queue; a queue of which nobody can say is missing."""

    waiting: int
    longest_seconds: float | None
    typical_seconds: float | None
    answers: int
    expected: dict[str, ExpectedWait]


class WaitTimes(Answer):
    workspace: str
    as_of: datetime
    channels: dict[str, ChannelWait]
