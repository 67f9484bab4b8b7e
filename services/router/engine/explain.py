"""Why a conversation is where it is: its route, its place, and every agent who could or could not.

Reads the state and changes nothing. It looks at the agents of one queue, so it belongs into an
answer to a question, not into a decision.
"""

from dataclasses import dataclass
from typing import Any, Literal

from services.router.engine.capacity import has_room
from services.router.engine.ordering import by_due
from services.router.engine.shunning import kept_from
from services.router.engine.skills import Requires, missing
from services.router.engine.state import Agent, Conversation, State, Workspace
from shared.rules.needs import plain

Obstacle = Literal[
    "not_signed_in",
    "away",
    "draining",
    "lacks_skill",
    "at_capacity",
    "declined_recently",
]

MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent of the queue. `obstacle` is None for who could take it now.

    `detail` names the missing skills, or says until when (Unix milliseconds).
    """

    agent: str
    obstacle: Obstacle | None
    detail: str = ""
    idle_since: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A conversation's situation at `at`. `ahead` counts what its class has to answer first.

    `candidates` are at most `MOST_CANDIDATES`, those who are nearest to taking it first;
    `obstacles` counts all of them.
    """

    conversation: str
    at: int
    status: str
    rules: str | None
    route: str | None
    queue: str
    priority: str
    requires: dict[str, Any]
    arrived: int
    due: int
    ahead: int
    tries: int
    agent: str | None
    candidates: tuple[Candidate, ...]
    obstacles: dict[str, int]


def explain(state: State, workspace: str, conversation: str, now: int) -> Explanation | None:
    """The current situation; None for a conversation that is not known (any more)."""
    known = state.workspace(workspace)
    found = known.conversations.get(conversation)
    if found is None:
        return None
    wanted = found.skill_class
    requires: Requires = () if wanted is None else wanted.requires
    candidates = _candidates(known, found, requires, now) if found.status == "waiting" else []
    obstacles: dict[str, int] = {}
    for candidate in candidates:
        name = candidate.obstacle or "none"
        obstacles[name] = obstacles.get(name, 0) + 1
    return Explanation(
        conversation=found.id,
        at=now,
        status=found.status,
        rules=known.digest,
        route=found.route,
        queue=found.queue,
        priority=found.priority,
        requires=plain(requires),
        arrived=found.arrived,
        due=found.due,
        ahead=_ahead(found),
        tries=found.tries,
        agent=None if found.agent is None else found.agent.name,
        candidates=tuple(candidates[:MOST_CANDIDATES]),
        obstacles=obstacles,
    )


def _ahead(conversation: Conversation) -> int:
    wanted = conversation.skill_class
    if wanted is None or conversation.status != "waiting":
        return 0
    waiting = {p.conversation.id: p.conversation for p in wanted.places if _waits(p.conversation)}
    return sum(by_due(other) < by_due(conversation) for other in waiting.values())


def _waits(conversation: Conversation) -> bool:
    return conversation.status == "waiting"


_NEAREST_FIRST: tuple[Obstacle | None, ...] = (
    None,
    "declined_recently",
    "at_capacity",
    "draining",
    "away",
    "not_signed_in",
    "lacks_skill",
)


def _candidates(
    workspace: Workspace, conversation: Conversation, requires: Requires, now: int
) -> list[Candidate]:
    candidates = [
        _candidate(workspace, conversation, agent, requires, now)
        for agent in workspace.agents.values()
        if agent.rules is not None and conversation.queue in agent.rules.queues
    ]
    return sorted(candidates, key=lambda c: (_NEAREST_FIRST.index(c.obstacle), c.agent))


def _candidate(
    workspace: Workspace, conversation: Conversation, agent: Agent, requires: Requires, now: int
) -> Candidate:
    lacking = missing(agent.rules.skills, requires) if agent.rules is not None else []
    obstacle: Obstacle | None = None
    detail = ""
    if lacking:
        obstacle, detail = "lacks_skill", ", ".join(lacking)
    elif agent.state == "offline":
        obstacle = "not_signed_in"
    elif agent.state == "away":
        obstacle, detail = "away", agent.reason or ""
    elif agent.state == "draining":
        obstacle = "draining"
    elif kept_from(workspace, conversation, agent, now):
        obstacle, detail = "declined_recently", str((conversation.shunned or {})[agent.name])
    elif not has_room(agent, conversation.channel, conversation.units):
        obstacle = "at_capacity"
    return Candidate(agent.name, obstacle, detail, agent.idle_since)
