"""A queue keeps its target again: its agents take what waits for their help."""

from heapq import heapify, heappop

from services.router.engine.ordering import by_due
from services.router.engine.overflow import reopened
from services.router.engine.placing import place_one
from services.router.engine.skills import SkillClass
from services.router.engine.state import Conversation
from services.router.engine.turn import Turn

_Next = tuple[tuple[int, int, int], Conversation, SkillClass | None]


def help_again(turn: Turn) -> None:
    """As long as some queue can spare its agents that could not before this decision."""
    while queues := reopened(turn.workspace, turn.now):
        _help(turn, frozenset(queues))


def _help(turn: Turn, queues: frozenset[str]) -> None:
    """Place what these queues may help with: what has its turn first, before the rest.

    Of what nobody is kept from, one conversation speaks for all of its class: if nobody takes it,
    nobody takes the others.
    """
    helped = [
        wanted
        for wanted in turn.workspace.classes.values()
        if wanted.waiting and not queues.isdisjoint(wanted.demand.also)
    ]
    waits: list[_Next] = [
        (by_due(conversation), conversation, None)
        for conversation in turn.workspace.declined.values()
        if conversation.skill_class in helped
    ]
    for wanted in helped:
        _add_first(turn, waits, wanted)
    heapify(waits)
    while waits:
        _, conversation, speaks_for = heappop(waits)
        place_one(turn, conversation)
        if speaks_for is not None and conversation.status != "waiting":
            _add_first(turn, waits, speaks_for)
            heapify(waits)


def _add_first(turn: Turn, waits: list[_Next], wanted: SkillClass) -> None:
    declined = turn.workspace.declined
    place = wanted.first_but(lambda conversation: conversation.id in declined)
    if place is not None:
        waits.append((place[:3], place.conversation, wanted))
