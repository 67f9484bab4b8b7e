"""What keeps each agent from a conversation, and how he compares to the others.

Looks at all agents of its queues, so it belongs into an answer to a question, never into a
decision.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from services.router.engine.capacity import UNBOUNDED, UNLISTED, has_room, takes
from services.router.engine.matching import cost
from services.router.engine.overflow import spares
from services.router.engine.scores import Named, named
from services.router.engine.shunning import FOREVER, kept_from
from services.router.engine.skills import missing
from services.router.engine.state import Agent, Conversation, Workspace

Obstacle = Literal[
    "queue_closed",
    "kept_for_another",
    "donor_below_target",
    "asked_last",
    "asked_already",
    "asks_himself",
    "declined_recently",
    "ramping_up",
    "at_capacity",
    "busy",
    "draining",
    "away",
    "lease_lost",
    "not_signed_in",
    "not_on_this_channel",
    "lacks_skill",
]

NEAREST_FIRST: tuple[Obstacle | None, ...] = (None, *get_args(Obstacle))
"""From who could take it to who never will: the order in which the obstacles are listed."""


_ENOUGH = 2
"""So many must be able to take it before it matters who was asked last."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent of the queue, or of one whose agents may help out. `obstacle` is None for who could
    take it now.

    `detail` says more of the obstacle: missing skills, a load and its bound, until when (Unix
    milliseconds). `score` is compared with the others' if he may take it; the lowest wins.
    """

    agent: str
    obstacle: Obstacle | None
    detail: str = ""
    idle_since: int = 0
    score: tuple[int, ...] = ()
    compared: Named = ()


def candidates(
    workspace: Workspace, conversation: Conversation, now: int
) -> tuple[list[Candidate], dict[str, int]]:
    """Everybody who could ever come into question, nearest to taking it first; how many have which
    obstacle (`none`: they could take it)."""
    wanted = conversation.skill_class
    if wanted is None:
        return [], {}
    queues = {wanted.queue, *wanted.demand.also}
    found = [
        _candidate(workspace, conversation, agent, now)
        for agent in workspace.agents.values()
        if agent.rules is not None
        and (agent.name == conversation.kept_for or not queues.isdisjoint(agent.rules.queues))
    ]
    found = _not_twice_in_a_row(found, conversation.last_asked)
    found.sort(key=_nearness)
    return found, dict(Counter(one.obstacle or "none" for one in found))


def _not_twice_in_a_row(found: list[Candidate], last: str | None) -> list[Candidate]:
    """Whoever was asked last comes last of those who could take it."""
    if sum(one.obstacle is None for one in found) < _ENOUGH:
        return found
    return [
        replace(one, obstacle="asked_last") if one.agent == last and not one.obstacle else one
        for one in found
    ]


def _nearness(one: Candidate) -> tuple[int, bool, tuple[int, ...], str]:
    return (NEAREST_FIRST.index(one.obstacle), not one.score, one.score, one.agent)


def _candidate(
    workspace: Workspace, conversation: Conversation, agent: Agent, now: int
) -> Candidate:
    obstacle, detail = _obstacle(workspace, conversation, agent, now)
    score = cost(workspace, conversation, agent) or ()
    wanted = conversation.skill_class
    pick = "" if wanted is None else wanted.kind.pick
    return Candidate(agent.name, obstacle, detail, agent.idle_since, score, named(pick, score))


def _obstacle(
    workspace: Workspace, conversation: Conversation, agent: Agent, now: int
) -> tuple[Obstacle | None, str]:
    mine = conversation.kept_for == agent.name
    for look in _LOOKS_OF_HIS_OWN if mine else _LOOKS:
        found = look(workspace, conversation, agent, now)
        if found is not None:
            return found
    return None, ""


Found = tuple[Obstacle, str] | None


def _by_nature(_w: Workspace, conversation: Conversation, agent: Agent, _now: int) -> Found:
    """What no waiting changes."""
    wanted, levels = conversation.skill_class, agent.rules.skills if agent.rules else {}
    lacking = missing(levels, wanted.requires) if wanted is not None else []
    if lacking:
        return "lacks_skill", ", ".join(lacking)
    if agent.limits.get(conversation.channel, UNLISTED) == 0:
        return "not_on_this_channel", conversation.channel
    return None


def _by_presence(_w: Workspace, conversation: Conversation, agent: Agent, now: int) -> Found:
    if agent.state == "offline":
        if agent.before is not None and agent.keeps_until > now:
            return "lease_lost", str(agent.keeps_until)
        return "not_signed_in", ""
    if agent.state == "away":
        return "away", agent.reason or ""
    if agent.state == "draining":
        return "draining", ""
    if not takes(agent, conversation.channel):
        return "busy", ", ".join(agent.channels)
    return None


def _by_room(_w: Workspace, conversation: Conversation, agent: Agent, _now: int) -> Found:
    channel = conversation.channel
    if has_room(agent, channel, conversation.units):
        return None
    if agent.allowed is not None and agent.allowed <= 0:
        return "ramping_up", ""
    limit = agent.limits.get(channel, UNLISTED)
    detail = f"{agent.load.get(channel, 0)} of {limit} on {channel}"
    if agent.most < UNBOUNDED:
        detail += f", {agent.busy} of {agent.most} units"
    return "at_capacity", detail


def _by_history(workspace: Workspace, conversation: Conversation, agent: Agent, now: int) -> Found:
    if any(offer.agent is agent for offer in conversation.offers or ()):
        return "asked_already", ""
    if kept_from(workspace, conversation, agent, now):
        until = (conversation.shunned or {})[agent.name]
        return ("asks_himself", "") if until >= FOREVER else ("declined_recently", str(until))
    return None


def _by_donor(workspace: Workspace, conversation: Conversation, agent: Agent, now: int) -> Found:
    wanted, profile = conversation.skill_class, agent.profile
    for tier in [] if wanted is None or profile is None else wanted.tiers:
        if profile is not None and profile.number in tier.fits:
            if tier.donor is not None and not spares(workspace, tier.donor, now):
                return "donor_below_target", tier.donor
            return None
    return None


def _by_promise(workspace: Workspace, conversation: Conversation, _a: Agent, _now: int) -> Found:
    """What keeps everybody from it, or all but one."""
    if conversation.kept_for is not None:
        return "kept_for_another", conversation.kept_for
    if conversation.queue in workspace.closed:
        return "queue_closed", conversation.queue
    return None


Look = Callable[[Workspace, Conversation, Agent, int], Found]

_LOOKS_OF_HIS_OWN: tuple[Look, ...] = (_by_presence, _by_room)
"""What is kept for one agent asks nothing else of him."""

_LOOKS: tuple[Look, ...] = (
    _by_nature,
    _by_presence,
    _by_history,
    _by_room,
    _by_donor,
    _by_promise,
)
