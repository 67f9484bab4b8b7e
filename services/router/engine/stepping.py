"""When the next step of a route is due. Looks only; `steps` and `placing` act on it."""

from services.router.engine.expected import expected
from services.router.engine.routes import Placement
from services.router.engine.skills import SkillClass
from services.router.engine.state import Conversation, Workspace
from services.router.engine.versions import routing_for
from shared.events.routing import QueuedFor, StepWhy
from shared.rules import Step

FRESH: frozenset[QueuedFor] = frozenset({"new", "reopened", "transferred", "moved"})
"""Why it comes into a queue as if for the first time: its route begins anew."""


def nobody_able(wanted: SkillClass) -> bool:
    """Is nobody there who could ever take this, given room? While its queue is closed, that does
    not matter."""
    if wanted.closed:
        return False
    return not any(
        profile.at_work(wanted.channel) > 0
        for profiles in (wanted.profiles, wanted.helpers)
        for profile in profiles
    )


def next_step(workspace: Workspace, conversation: Conversation) -> Step | None:
    """What comes next on its route; None if nothing does."""
    steps = routing_for(workspace, conversation).steps(conversation.route)
    return steps[conversation.step] if conversation.step < len(steps) else None


def step_at(place: Placement, routed_at: int) -> int:
    """When the next step's time has come (Unix milliseconds); 0 if it is not a matter of time."""
    after = None if place.next is None else _after(place.next)
    return 0 if after is None else routed_at + round(after * 1000)


def triggered(workspace: Workspace, conversation: Conversation, now: int) -> StepWhy | None:
    """Why the next step of what waits is due now; None if it is not."""
    step, wanted = next_step(workspace, conversation), conversation.skill_class
    if step is None or wanted is None:
        return None
    if step.nobody_able:
        return "nobody_able" if nobody_able(wanted) else None
    after = _after(step)
    if after is None or conversation.routed_at + round(after * 1000) > now:
        return None
    return "after" if step.after_seconds is not None else "expected_wait"


def expects_too_long(workspace: Workspace, conversation: Conversation, now: int) -> bool:
    """Does its route go on because half of all in its place would wait for longer than the bound
    (p50)? Never while nobody can say."""
    step = next_step(workspace, conversation)
    if step is None or step.expected_wait_seconds is None:
        return False
    found = expected(workspace, conversation, now)
    return found is not None and found[0] > step.expected_wait_seconds * 1000


def _after(step: Step) -> float | None:
    """A wait that is expected to be too long is one at the latest when it has been."""
    return step.after_seconds if step.after_seconds is not None else step.expected_wait_seconds
