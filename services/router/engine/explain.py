"""Why a conversation is where it is: its route, its place, and every agent who could or could not.

Reads the state and changes nothing. It looks at the agents of its queues, so it belongs into an
answer to a question, not into a decision.
"""

from dataclasses import dataclass
from typing import Any

from services.router.engine.obstacles import Candidate, candidates
from services.router.engine.ordering import by_due
from services.router.engine.prospects import Next, prospects
from services.router.engine.state import Conversation, State
from shared.rules.needs import plain

MOST_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """A conversation's situation at `at`. `ahead` counts what its class has to answer first.

    `version` is that of the rules whose route put it there, `rules` the digest of those in force.
    `candidates` are at most `MOST_CANDIDATES`, those who are nearest to taking it first;
    `obstacles` counts all of them. `pick` is how the queue chooses among those without one.
    """

    conversation: str
    at: int
    status: str
    rules: str | None
    version: int
    route: str | None
    step: int
    queue: str
    also: tuple[str, ...]
    priority: str
    requires: dict[str, Any]
    preferred: tuple[dict[str, Any], ...]
    units: int
    arrived: int
    level: int
    due: int
    ahead: int
    tries: int
    agent: str | None
    pick: str
    candidates: tuple[Candidate, ...]
    obstacles: dict[str, int]
    waits_for: tuple[Next, ...]


def explain(state: State, workspace: str, conversation: str, now: int) -> Explanation | None:
    """The current situation; None for a conversation that is not known (any more)."""
    known = state.workspace(workspace)
    found = known.conversations.get(conversation)
    if found is None:
        return None
    wanted = found.skill_class
    who, obstacles = candidates(known, found, now) if found.status == "waiting" else ([], {})
    demand = None if wanted is None else wanted.demand
    return Explanation(
        conversation=found.id,
        at=now,
        status=found.status,
        rules=known.digest,
        version=found.version,
        route=found.route,
        step=found.step,
        queue=found.queue,
        also=() if demand is None else demand.also,
        priority=found.priority,
        requires={} if demand is None else plain(demand.requires),
        preferred=() if demand is None else tuple(map(plain, demand.preferred)),
        units=found.units,
        arrived=found.arrived,
        level=found.level,
        due=found.due,
        ahead=_ahead(found),
        tries=found.tries,
        agent=None if found.agent is None else found.agent.name,
        pick="" if wanted is None else wanted.kind.pick,
        candidates=tuple(who[:MOST_CANDIDATES]),
        obstacles=obstacles,
        waits_for=prospects(known, found),
    )


def _ahead(conversation: Conversation) -> int:
    wanted = conversation.skill_class
    if wanted is None or conversation.status != "waiting":
        return 0
    waiting = {p.conversation.id: p.conversation for p in wanted.places if _waits(p.conversation)}
    return sum(by_due(other) < by_due(conversation) for other in waiting.values())


def _waits(conversation: Conversation) -> bool:
    return conversation.status == "waiting"
