"""What the API says keeps somebody from a conversation is what the engine knows.

Whole days are folded into a view; whenever something waits, the view's obstacles are held against
those worked out from the engine's state.
"""

from collections import Counter

import pytest

from services.router.api.reasons import Scene, hindrance, prospects, serves
from services.router.engine.decide import replay
from services.router.engine.obstacles import candidates
from services.router.engine.state import State
from services.router.view.digest import Memory
from services.router.view.routing import ROUTING_FOLD
from services.router.view.sheet import Placed, Sheet
from shared.events.routing import Decision
from shared.topics import ROUTING
from shared.views.documents import Agent, Conversation, Hours
from shared.views.keys import Keys
from tests.unit.services.router.engine.days import Day

_DECODER = ROUTING.decoder()
_UNSEEN = frozenset({"asked_last", "none", "donor_below_target"})
"""What the view does not know: who was asked last, whether a queue keeps its target (and who has as
much as he may have in the beginning). So it takes one for the other, or for nothing."""


def _fold(memory: Memory, decision: Decision, offset: int) -> None:
    sheet, batch = Sheet(decision.workspace, 10**12), [Placed(decision, offset, decision.at)]
    for need in ROUTING_FOLD.needs:
        sheet.load(memory.load(sheet.missing(need(sheet, batch))))
    ROUTING_FOLD.apply(sheet, batch[0])
    memory.apply(sheet.writes())


def _seen(memory: Memory, state: State, workspace: str, name: str, now: int) -> dict[str, str]:
    """The view's obstacle of everybody who could come into question."""
    keys, known = Keys(workspace), state.workspace(workspace)
    found = Conversation.model_validate_json(memory.documents[keys.conversation(name)])
    hours = Hours.model_validate_json(memory.documents.get(keys.hours(), "{}"))
    present = {agent: _agent(memory, keys, agent) for agent in known.rules.agents}
    scene = Scene(found, known.rules, hours, present, now)
    assert prospects(scene)
    told: dict[str, str] = {}
    for agent, configured in known.rules.agents.items():
        if serves(scene, configured):
            told[agent] = (hindrance(scene, agent, configured, present[agent]) or ("none", ""))[0]
    return told


def _agent(memory: Memory, keys: Keys, name: str) -> Agent:
    stored = memory.documents.get(keys.agent(name))
    return Agent.model_validate_json(stored) if stored else Agent(id=name)


def _known(state: State, workspace: str, name: str, now: int) -> dict[str, str]:
    known = state.workspace(workspace)
    found, _ = candidates(known, known.conversations[name], now)
    return {one.agent: one.obstacle or "none" for one in found}


@pytest.mark.parametrize("seed", [0, 11, 25, 33, 38])
def test_the_view_says_what_the_engine_knows(seed: int) -> None:
    memories: dict[str, Memory] = {}
    state, compared = State(), Counter[str]()
    for offset, value in enumerate(Day(seed).live(150).history.decisions):
        decision = _DECODER.decode(value).data
        name, now = decision.workspace, decision.at
        replay(state, name, now, decision.cause, decision.events)
        memory = memories.setdefault(name, Memory())
        _fold(memory, decision, offset)
        waiting = [
            c.id for c in state.workspace(name).conversations.values() if c.status == "waiting"
        ]
        for conversation in waiting[:3]:
            seen = _seen(memory, state, name, conversation, now)
            known = _known(state, name, conversation, now)
            known = {a: one for a, one in known.items() if one != "ramping_up"}
            differing = {a: (seen.get(a), known[a]) for a in known if seen.get(a) != known[a]}
            assert all({*pair} <= _UNSEEN for pair in differing.values()), (conversation, differing)
            compared.update(known.values())
    assert compared.total() > 100
