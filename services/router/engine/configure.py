"""New rules: nothing is lost, and everything is looked at again.

One decision may be as large as one log record, so the looking is done in pieces: the first in the
decision that brings the rules, the rest on timers due at once. What is left to do is not part of
the truth: after a recovery in the middle of it everything is looked at again, which changes nothing
where nothing is to be changed.
"""

from heapq import heapify, heappop, heappush

from services.router.engine.capacity import at_work
from services.router.engine.index import waiting_conversations
from services.router.engine.limits import remind_of_limit
from services.router.engine.matching import find_conversation
from services.router.engine.offers import take_back
from services.router.engine.ordering import by_number
from services.router.engine.placing import agree, fill, offer, pass_all_on, requeue, reroute
from services.router.engine.state import Agent, State, Workspace
from services.router.engine.timers import arm
from services.router.engine.turn import Turn
from services.router.engine.versions import change, was_in_force
from services.router.engine.waits import begin_hours, turn_hours
from shared.events.commands import Configure
from shared.events.routing import (
    Change,
    Configured,
    DialEnded,
    PresenceChanged,
    Refused,
    Released,
    TrialEnded,
    WrapUpEnded,
)
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, rules_size

MOST_EVENTS = 1000
"""How many events one decision of a sweep may have."""

LARGE_RULES = 200_000
"""Bytes of rules beside which not much else fits into a record."""

MOST_LOOKS = 3000
"""How many conversations and agents it may look at."""


def configure(turn: Turn, command: Configure) -> None:
    """From here on decide by these rules. The same digest changes nothing.

    Rules that a process found in its file are those of a start: they change nothing either when
    they were in force before, so that no restart undoes what was applied since.
    """
    workspace = turn.workspace
    if workspace.digest == command.digest:
        return turn.unchanged()
    if command.how == "file" and was_in_force(workspace, command.digest):
        return turn.unchanged()
    if command.over is not None and command.over != workspace.in_force:
        detail = f"Version {workspace.in_force} is in force, not version {command.over}."
        return turn.refuse(Refused("conflict", detail))
    if (size := rules_size(command.rules)) > MOST_RULES:
        detail = f"These rules have {size:,} bytes, packed; {MOST_RULES:,} fit into a record."
        return turn.refuse(Refused("invalid", detail))
    if workspace.trial is not None:
        turn.emit(TrialEnded(workspace.trial.version, "replaced", turn.now, command.actor))
    made = change(workspace, command.how, command.actor, command.note, command.former)
    return put_in_force(turn, command.digest, command.rules, made)


def put_in_force(turn: Turn, digest: str, rules: Rules, made: Change) -> None:
    """Decide by these rules from now on."""
    turn.emit(Configured(digest, rules, turn.now, made))
    begin_hours(turn)
    look_at_all(turn, rules)


def look_at_all(turn: Turn, rules: Rules) -> None:
    """Begin to look at everything again: beside large rules, which fill their record, in decisions
    of their own."""
    look_again(turn.state, turn.workspace)
    if rules_size(rules) < LARGE_RULES:
        sweep(turn)


def hours_over(turn: Turn, name: str, at: int) -> None:
    """Opening hours begin or end; where a queue opens, whoever is free is offered what waits."""
    if turn_hours(turn, name, at):
        _look_for_work(turn.state, turn.workspace)
        sweep(turn)


def look_again(state: State, workspace: Workspace) -> None:
    """Put what waits and who is free on the lists of what is to be looked at."""
    workspace.unswept = waiting_conversations(workspace)[::-1]
    _look_for_work(state, workspace)


def _look_for_work(state: State, workspace: Workspace) -> None:
    workspace.unfilled = [
        (agent.rank, agent.name) for agent in workspace.agents.values() if at_work(agent)
    ]
    heapify(workspace.unfilled)
    arm(state, state.now, "sweep", workspace.name, "")


def sweep(turn: Turn) -> None:
    """Look at the next piece: what agents who are gone hold, then what waits, then who is free.

    Only when all that waits is in its right place may anybody be offered what is due first.
    """
    looks = MOST_LOOKS
    for agent in _strangers(turn.workspace):
        if len(turn.events) < MOST_EVENTS:
            _clear(turn, agent)
    while turn.workspace.unswept and looks and len(turn.events) < MOST_EVENTS:
        looks -= 1
        conversation = turn.workspace.unswept.pop()
        reroute(turn, conversation)
        remind_of_limit(turn.state, turn.workspace, conversation)
    while turn.workspace.unfilled and looks and len(turn.events) < MOST_EVENTS:
        looks -= 1
        _give_one(turn, turn.workspace)
    workspace = turn.workspace
    workspace.settled = not (workspace.unfilled or workspace.unswept or _strangers(workspace))
    if not workspace.settled:
        arm(turn.state, turn.now, "sweep", workspace.name, "")


def _strangers(workspace: Workspace) -> list[Agent]:
    """Agents the rules no longer know."""
    gone = [agent for agent in workspace.agents.values() if agent.rules is None]
    return sorted(gone, key=lambda agent: agent.name)


def _clear(turn: Turn, agent: Agent) -> None:
    """Take everything from an agent who is gone, and let him go."""
    returned = take_back(turn, agent)
    for conversation in sorted(agent.work.values(), key=by_number):
        if conversation.status == "held":
            turn.emit(Released(conversation.id, agent.name, turn.now, "agent_removed"))
            returned.append(conversation)
        elif conversation.status == "dialling":
            turn.emit(DialEnded(conversation.id, agent.name, "rescinded", turn.now))
            returned.append(conversation)
        else:
            turn.emit(WrapUpEnded(conversation.id, agent.name, turn.now))
    for conversation in returned:
        requeue(turn, conversation)
    pass_all_on(turn, agent)
    turn.emit(PresenceChanged(agent.name, "offline", turn.now, "removed"))


def _give_one(turn: Turn, workspace: Workspace) -> None:
    """Offer one conversation to whom it suits best; then it is the next one's turn."""
    _, name = heappop(workspace.unfilled)
    agent = workspace.agents.get(name)
    if agent is None:
        return
    if workspace.rules.batch_ms:
        fill(turn, agent)
        return
    found = find_conversation(workspace, agent, turn.now)
    if found is not None:
        taker, found = agree(turn, agent, found)
        offer(turn, found, taker)
        heappush(workspace.unfilled, (agent.rank, name))
