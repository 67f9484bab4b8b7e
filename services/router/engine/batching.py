"""Batch mode: who is free and what waits is gathered for a moment, then matched at the lowest cost.

One conversation at a time is cheap and fair, but its best agent may be the only one for the next.
Here what has its turn first is still served first: of all sets of conversations that can be served
at once, the one with the earliest turns. Of all ways to serve it, the one whose costs (`cost`) have
the lowest sum. At most `MOST` conversations are matched in one go, then the next.
"""

from services.router.engine.demand import Demand
from services.router.engine.index import take_seats
from services.router.engine.matching import cost
from services.router.engine.optimum import Cost, cheapest
from services.router.engine.ordering import by_due
from services.router.engine.overflow import spares
from services.router.engine.placing import offer
from services.router.engine.shunning import MOST as MOST_KEPT_FROM
from services.router.engine.shunning import kept_from
from services.router.engine.skills import SkillClass
from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from shared.events.routing import BatchEnded
from shared.rules.needs import fit

MOST = 16

_Pair = tuple[Conversation, Agent]
_KEY_PARTS = 2


def match(turn: Turn, at: int) -> None:
    """The gathering is over: match all that can be matched. A later one is not meant."""
    if not turn.workspace.batch_until or turn.workspace.batch_until > at:
        return
    turn.emit(BatchEnded(turn.now))
    while pairs := best_pairs(turn):
        for conversation, agent in pairs:
            offer(turn, conversation, agent)


def best_pairs(turn: Turn) -> list[_Pair]:
    """Who takes what now, at the lowest sum of costs; each agent one conversation at most."""
    able = _able(turn)
    chosen = _served_first(able)
    agents = {agent.name: agent for found in chosen for agent in able[found]}
    columns = sorted(agents)
    costs = _costs(turn, chosen, able, [agents[name] for name in columns])
    return [
        (found, agents[columns[column]])
        for found, column in zip(chosen, cheapest(costs), strict=True)
    ]


def _able(turn: Turn) -> dict[Conversation, list[Agent]]:
    """What has its turn first, with those who may take it now; what nobody may take is left out."""
    found: dict[Conversation, list[Agent]] = {}
    for wanted in turn.workspace.classes.values():
        agents = _free(turn, wanted) if wanted.waiting and not wanted.closed else []
        for conversation in _first(wanted) if agents else ():
            may = [agent for agent in agents if not _kept_from(turn, conversation, agent)]
            if may:
                found[conversation] = may
    return dict(sorted(found.items(), key=lambda item: by_due(item[0])))


def _free(turn: Turn, wanted: SkillClass) -> list[Agent]:
    """Those who are asked first. Nobody needs to know of more: so many can be taken by others, and
    from so many a conversation can be kept."""
    found: dict[str, Agent] = {}
    take_seats(turn.workspace)
    for tier in wanted.tiers:
        if tier.donor is not None and not spares(turn.workspace, tier.donor, turn.now):
            continue
        while len(found) < MOST + MOST_KEPT_FROM:
            seat = wanted.kind.front.earliest(
                tier.benches,
                tier.fits,
                lambda bench: bench.first_but(lambda agent: agent.name in found),
            )
            if seat is None:
                break
            found[seat.agent.name] = seat.agent
    return list(found.values())


def _first(wanted: SkillClass) -> list[Conversation]:
    found: dict[str, Conversation] = {}
    while len(found) < MOST:
        place = wanted.first_but(lambda conversation: conversation.id in found)
        if place is None:
            break
        found[place.conversation.id] = place.conversation
    return list(found.values())


def _kept_from(turn: Turn, conversation: Conversation, agent: Agent) -> bool:
    return kept_from(turn.workspace, conversation, agent, turn.now)


def _served_first(able: dict[Conversation, list[Agent]]) -> list[Conversation]:
    """The conversations with the earliest turns that can all be served at once."""
    taken: dict[str, Conversation] = {}
    chosen: list[Conversation] = []
    for conversation in able:
        if len(chosen) < MOST and _find_room(conversation, able, taken, set()):
            chosen.append(conversation)
    return chosen


def _find_room(
    conversation: Conversation,
    able: dict[Conversation, list[Agent]],
    taken: dict[str, Conversation],
    seen: set[str],
) -> bool:
    """Can it be served, too, if others go elsewhere (an augmenting path)?"""
    for agent in able[conversation]:
        if agent.name not in seen:
            seen.add(agent.name)
            other = taken.get(agent.name)
            if other is None or _find_room(other, able, taken, seen):
                taken[agent.name] = conversation
                return True
    return False


def _costs(
    turn: Turn,
    chosen: list[Conversation],
    able: dict[Conversation, list[Agent]],
    agents: list[Agent],
) -> list[list[Cost]]:
    """Forbidden; asked just before; helping out; preferences; fit; the queue's order of asking."""
    preferences = max((len(_demand(found).preferred) for found in chosen), default=0)
    return [
        [_cost(turn, found, agent, able[found], preferences) for agent in agents]
        for found in chosen
    ]


def _cost(
    turn: Turn, conversation: Conversation, agent: Agent, may: list[Agent], preferences: int
) -> Cost:
    parts = cost(turn.workspace, conversation, agent) if agent in may else None
    if parts is None:
        return (1,) + (0,) * (preferences + 3 + _KEY_PARTS)
    score, key = parts[:-_KEY_PARTS], parts[-_KEY_PARTS:]
    helping, rather, best = score[0], score[1:-1], score[-1]
    if turn.workspace.rules.own_first and agent.profile is not None:
        best = -fit(_demand(conversation).requires, agent.profile.levels)
    padding = (0,) * (preferences - len(rather))
    again = int(conversation.last_asked == agent.name)
    return (0, again, helping, *rather, *padding, best, *key)


def _demand(conversation: Conversation) -> Demand:
    assert conversation.skill_class is not None
    return conversation.skill_class.demand
