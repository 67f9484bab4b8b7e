"""Whether a queue can spare its agents for another queue's conversations.

It can while it keeps its own target: what waits longest there has not waited for longer than its
service level allows, and enough of what it answered lately was answered in time. Only queues that
some step names as helpers are watched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.router.engine.state import Conversation, Workspace

LATEST = 50
"""How many of the last answered conversations of a queue say whether it keeps its target."""

_ALL = (1 << LATEST) - 1


@dataclass(slots=True, eq=False, repr=False)
class Donor:
    """One queue whose agents may help out. `answered` has a bit for each of the last conversations
    (1: in time) behind a leading 1. `open` is what the last decision left: it could spare them.
    """

    queue: str
    target_ms: int
    percent: int
    answered: int = 1
    open: bool = True
    waits: "list[tuple[int, int, Conversation]]" = field(default_factory=list)
    limit: int = 64

    def joined(self, conversation: "Conversation") -> None:
        """It begins to wait in this queue."""
        heappush(self.waits, (conversation.arrived, conversation.number, conversation))
        if len(self.waits) > self.limit:
            self.waits = [one for one in self.waits if self._waits(one)]
            heapify(self.waits)
            self.limit = 2 * len(self.waits) + 64

    def answer(self, in_time: bool) -> None:
        """An agent took one of its conversations."""
        count = min(self.answered.bit_length() - 1, LATEST - 1)
        kept = self.answered & ((1 << count) - 1)
        self.answered = (1 << (count + 1)) | (kept << 1) | in_time

    def spares(self, now: int) -> bool:
        """Does it keep its own target?"""
        waits = self.waits
        while waits and not self._waits(waits[0]):
            heappop(waits)
        if waits and now - waits[0][0] > self.target_ms:
            return False
        count = self.answered.bit_length() - 1
        met = (self.answered & _ALL & ((1 << count) - 1)).bit_count()
        return met * 100 >= self.percent * count

    def _waits(self, one: "tuple[int, int, Conversation]") -> bool:
        arrived, _, conversation = one
        return (
            conversation.status == "waiting"
            and conversation.kept_for is None
            and conversation.arrived == arrived
            and conversation.queue == self.queue
        )


def donors(workspace: "Workspace") -> dict[str, Donor]:
    """The queues that some step names as helpers, with what is known of those that were before."""
    found: dict[str, Donor] = {}
    for name in sorted(_named(workspace)):
        queue = workspace.rules.queues.get(name)
        if queue is not None:
            level = queue.service_level
            known = workspace.donors.get(name)
            donor = Donor(name, round(level.seconds * 1000), level.percent)
            if known is not None:
                donor.answered, donor.waits, donor.open = known.answered, known.waits, known.open
            else:
                donor.waits = _waits_in(workspace, name)
                donor.limit = 2 * len(donor.waits) + 64
            found[name] = donor
    return found


def spares(workspace: "Workspace", donor: str, now: int) -> bool:
    """Does this queue keep its own target, so that its agents may help out?"""
    found = workspace.donors.get(donor)
    return found is not None and found.spares(now)


def answered(workspace: "Workspace", conversation: "Conversation", at: int) -> None:
    """An agent took it: so its queue keeps its target, or not."""
    donor = workspace.donors.get(conversation.queue)
    if donor is not None:
        donor.answer(at - conversation.arrived <= donor.target_ms)


def reopened(workspace: "Workspace", now: int) -> list[str]:
    """The queues that can spare their agents again since it was last asked."""
    found = []
    for name, donor in workspace.donors.items():
        was, donor.open = donor.open, donor.spares(now)
        if donor.open and not was:
            found.append(name)
    return found


def _waits_in(workspace: "Workspace", queue: str) -> "list[tuple[int, int, Conversation]]":
    """What waited there before anybody asked. Once more for what had several places: harmless."""
    found = [
        (place.conversation.arrived, place.number, place.conversation)
        for wanted in workspace.classes.values()
        if wanted.queue == queue
        for place in wanted.places
    ]
    heapify(found)
    return found


def _named(workspace: "Workspace") -> Iterable[str]:
    rules = [workspace.rules]
    if workspace.trial is not None:
        rules.append(workspace.trial.rules)
    return {
        queue
        for one in rules
        for route in one.routes
        for step in route.steps
        for queue in step.also or ()
    }
