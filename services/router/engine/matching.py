"""Finding who takes what.

The invariant that makes this cheap: after every decision no available agent with room is left
beside a waiting conversation that he could take. So only what a decision itself set free has to be
looked at: a conversation that began to wait looks for an agent, an agent who got room looks for a
conversation.

There are two ways to find the first of many groups: look at every group that fits (good when few
fit), or go through all groups in order until one fits (good when many do). Taking the first way
when fewer than the square root of all groups fit bounds both for demands spread at random.
"""

from collections.abc import Callable

from services.router.engine.capacity import has_room
from services.router.engine.shunning import kept_from
from services.router.engine.skills import Bench, Place, Seat, SkillClass
from services.router.engine.state import Agent, Conversation, Workspace


def crowded(conversation: Conversation) -> bool:
    """Does another one of its class wait that nobody is kept from?

    Then nobody is free for this one either: had anybody been, he would have taken that one.
    """
    wanted = conversation.skill_class
    return wanted is not None and wanted.plain > 1


def find_agent(
    workspace: Workspace, conversation: Conversation, now: int, skip: Agent | None = None
) -> Agent | None:
    """Of those who may take it now, the one who is idle longest. `skip` is not considered."""
    wanted = conversation.skill_class
    assert wanted is not None
    if skip is None and not conversation.shunned:
        seat = _first_seat(workspace, wanted, None)
    else:
        seat = _first_seat(
            workspace,
            wanted,
            lambda agent: agent is skip or kept_from(workspace, conversation, agent, now),
        )
    return None if seat is None else seat.agent


def find_conversation(workspace: Workspace, agent: Agent, now: int) -> Conversation | None:
    """Of what he may take now, what is due first."""
    if agent.state != "available" or agent.profile is None or agent.busy >= agent.most:
        return None
    place = _first_place(
        workspace,
        agent,
        (lambda waits: kept_from(workspace, waits, agent, now)) if agent.shunned else None,
    )
    return None if place is None else place.conversation


def _first_seat(
    workspace: Workspace, wanted: SkillClass, reject: Callable[[Agent], bool] | None
) -> Seat | None:
    front = workspace.benches[wanted.channel]
    best: Seat | None = None
    if len(wanted.profiles) ** 2 <= len(front):
        for profile in wanted.profiles:
            seat = _seat_on(profile.benches[wanted.channel], reject)
            if seat is not None and (best is None or seat.rank < best.rank):
                best = seat
        return best
    for bench in front.walk():
        if best is not None and bench.bound is not None and bench.bound[0] >= best.rank:
            break
        if wanted.number in bench.fits:
            seat = _seat_on(bench, reject)
            if seat is not None and (best is None or seat.rank < best.rank):
                best = seat
    return best


def _seat_on(bench: Bench, reject: Callable[[Agent], bool] | None) -> Seat | None:
    return bench.first_seat() if reject is None else bench.first_but(reject)


def _first_place(
    workspace: Workspace, agent: Agent, reject: Callable[[Conversation], bool] | None
) -> Place | None:
    assert agent.profile is not None
    classes, fits = agent.profile.classes, agent.profile.numbers
    best: Place | None = None
    if len(classes) ** 2 <= len(workspace.front):
        for wanted in classes:
            if wanted.waiting and has_room(agent, wanted.channel):
                best = _earlier(best, _place_in(wanted, reject))
        return best
    for wanted in workspace.front.walk():
        if best is not None and wanted.bound is not None and wanted.bound >= best[:2]:
            break
        if wanted.number in fits and has_room(agent, wanted.channel):
            best = _earlier(best, _place_in(wanted, reject))
    return best


def _place_in(wanted: SkillClass, reject: Callable[[Conversation], bool] | None) -> Place | None:
    return wanted.first_place() if reject is None else wanted.first_but(reject)


def _earlier(one: Place | None, other: Place | None) -> Place | None:
    if one is None or (other is not None and other[:2] < one[:2]):
        return other
    return one
