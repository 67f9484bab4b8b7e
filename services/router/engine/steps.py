"""The steps of a route: what changes for a conversation that nobody takes.

A step comes after a time, at once when nobody is there who could ever take it, or when it would
have to wait for too long. What a step says holds until the next one.
"""

from heapq import heapify, heappop, heapreplace

from services.router.engine.placing import place_one, step_on
from services.router.engine.skills import SkillClass
from services.router.engine.state import Agent, State, Workspace
from services.router.engine.stepping import nobody_able, triggered
from services.router.engine.timers import arm
from services.router.engine.turn import Turn

MOST_EVENTS = 1000
"""How many events one decision may have while it moves what an agent left behind."""


def step_over(turn: Turn, conversation: str, at: int) -> None:
    """The time of the next step may have come; one that was put off is not meant."""
    found = turn.workspace.conversations.get(conversation)
    if found is None or found.status != "waiting" or not found.step_at or found.step_at > at:
        return
    why = triggered(turn.workspace, found, turn.now)
    if why is not None and step_on(turn, found, why):
        place_one(turn, found)


def leave(turn: Turn) -> None:
    """Agents left: what nobody else could ever take goes on to its next step."""
    workspace = turn.workspace
    for agent in workspace.left:
        workspace.deserted += _deserted(agent)
    workspace.left.clear()
    go_on(turn)


def go_on(turn: Turn) -> None:
    """The next piece of what was left behind, what has its turn first before the rest: also after
    a recovery, which knows no other order."""
    workspace = turn.workspace
    left = list(dict.fromkeys(workspace.deserted))
    firsts = [(key, at) for at, wanted in enumerate(left) if (key := _first(wanted)) is not None]
    heapify(firsts)
    while firsts and len(turn.events) < MOST_EVENTS:
        wanted = left[firsts[0][1]]
        place = wanted.first_place() if nobody_able(wanted) else None
        if place is None or not step_on(turn, place.conversation, "nobody_able"):
            heappop(firsts)
            continue
        place_one(turn, place.conversation)
        key = _first(wanted)
        if key is None:
            heappop(firsts)
        else:
            heapreplace(firsts, (key, firsts[0][1]))
    workspace.deserted = [left[at] for _, at in firsts]
    if workspace.deserted:
        arm(turn.state, turn.now, "steps", workspace.name, "")


def _first(wanted: SkillClass) -> tuple[int, int, int] | None:
    place = wanted.first_place()
    return None if place is None else place[:3]


def resume_steps(state: State, workspace: Workspace) -> None:
    """After a recovery: go on with what agents left behind."""
    workspace.left.clear()
    workspace.deserted = [
        wanted
        for wanted in workspace.classes.values()
        if wanted.waiting and wanted.demand.watch is not None and nobody_able(wanted)
    ]
    if workspace.deserted:
        arm(state, state.now, "steps", workspace.name, "")


def _deserted(agent: Agent) -> list[SkillClass]:
    """The classes for which nobody is there any more without him."""
    if agent.profile is None:
        return []
    return [wanted for wanted in agent.profile.watching if wanted.waiting and nobody_able(wanted)]
