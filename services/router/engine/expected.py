"""The wait, honestly: where one stands, and how long it takes, by a named model or not at all."""

from typing import NamedTuple

from services.router.engine.lines import Line
from services.router.engine.skills import SkillClass
from services.router.engine.state import Conversation, Workspace
from shared.estimate import Model, quantiles


class Estimate(NamedTuple):
    """What is known of one wait at one moment.

    `position` is the place among all its queue has on the channel, `place` that in the line of its
    class. `gap_ms` is the mean time between two departures there, from `known` of them. Without a
    `model` nothing is known of the time, and nothing is said.
    """

    position: int
    place: int
    model: Model | None = None
    gap_ms: int = 0
    known: int = 0
    p50_ms: int = 0
    p90_ms: int = 0


def expected(workspace: Workspace, conversation: Conversation, now: int) -> tuple[int, int] | None:
    """p50 and p90 of the rest of its wait, in milliseconds; None where nobody can say."""
    found = estimate(workspace, conversation, now)
    return None if found is None or found.model is None else (found.p50_ms, found.p90_ms)


def estimate(workspace: Workspace, conversation: Conversation, now: int) -> Estimate | None:
    """Everything about its wait; None if it does not wait in a line. O(1) in what waits."""
    wanted = conversation.skill_class
    if conversation.status != "waiting" or conversation.kept_for is not None or wanted is None:
        return None
    own, queue = wanted.lines
    position = queue.place(conversation.level, conversation.due)
    place = _place(position, own, queue)
    if wanted.closed or not _anybody(wanted):
        return Estimate(position, place)
    return _by_pace(position, place, own, queue, now)


def _place(position: int, own: Line, queue: Line) -> int:
    """Its place in the line of its class, as if the class lay evenly in the queue's line."""
    return min(own.waiting, max(1, round(position * own.waiting / max(1, queue.waiting))))


def _by_pace(position: int, place: int, own: Line, queue: Line, now: int) -> Estimate:
    gap, known = own.pace.gap_ms(now), own.pace.known
    model: Model = "class_departures"
    if gap is None:
        gap, known = queue.pace.gap_ms(now), queue.pace.known
        if gap is None:
            return Estimate(position, place)
        gap *= queue.waiting / max(1, own.waiting)
        model = "queue_departures"
    p50, p90 = quantiles(place, gap, known)
    return Estimate(position, place, model, round(gap), round(known), p50, p90)


def _anybody(wanted: SkillClass) -> bool:
    """Is any agent at work who could take it? Without one, the past says nothing."""
    return any(profile.at_work(wanted.channel) for profile in wanted.profiles)
