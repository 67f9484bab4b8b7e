"""Agents come, pause and go.

Presence is a lease: a stream holds it. When that is lost, what the agent was offered goes to others
at once; what he holds is his for a grace time, and goes back if he does not return within it.
"""

from services.router.engine.capacity import at_work
from services.router.engine.offers import left, stopped
from services.router.engine.ordering import by_number
from services.router.engine.placing import fill, place_all, requeue
from services.router.engine.state import Agent
from services.router.engine.turn import Turn
from shared.events.commands import LosePresence, PresenceState, ResumePresence, SetPresence
from shared.events.routing import PresenceChanged, Refused, Released, WrapUpEnded

LOST = "connection_lost"
"""The reason of an agent whose stream is gone."""

_NO_AGENT = Refused("not_found", "No such agent.")
_NOT_YOU = Refused("forbidden", "Only the agent or a supervisor may set this.")
_NO_CHANNELS = Refused("invalid", "Busy names the channels that are still taken, and only busy.")


def set_presence(turn: Turn, command: SetPresence) -> None:
    """Take the new state; what it frees is offered, what it leaves behind goes to others."""
    agent = _agent(turn, command.agent, command.actor)
    if agent is None:
        return None
    channels = tuple(sorted(set(command.channels)))
    if (command.state == "busy") != bool(channels):
        return turn.refuse(_NO_CHANNELS)
    wanted = (command.state, command.reason, channels)
    same = wanted == (agent.state, agent.reason, agent.channels)
    if same and command.session in (None, agent.session):
        return turn.unchanged()
    session = None if command.state == "offline" else command.session or agent.session
    until = _keeps_until(turn, agent, command.state)
    return _become(
        turn,
        agent,
        PresenceChanged(
            agent.name, command.state, turn.now, command.reason, session, channels, until
        ),
    )


def lose(turn: Turn, command: LosePresence) -> None:
    """His stream is gone. He is offline, and keeps for a while what he holds.

    Once is enough, and of a stream that another one has since replaced it means nothing.
    """
    agent = _agent(turn, command.agent, command.actor)
    if agent is None:
        return None
    if agent.state == "offline" or command.session != agent.session:
        return turn.unchanged()
    until = turn.now + round(turn.workspace.rules.grace_seconds * 1000)
    change = PresenceChanged(agent.name, "offline", turn.now, LOST, until=until, lost=True)
    return _become(turn, agent, change)


def resume(turn: Turn, command: ResumePresence) -> None:
    """A stream of his is open. Within the grace time he is again what he was before the loss."""
    agent = _agent(turn, command.agent, command.actor)
    if agent is None:
        return None
    if agent.state == "offline":
        was = agent.before
        if was is None or turn.now >= agent.keeps_until:
            return turn.unchanged()
        state, reason, channels = was
    elif agent.session == command.session:
        return turn.unchanged()
    else:
        state, reason, channels = agent.state, agent.reason, agent.channels
    change = PresenceChanged(agent.name, state, turn.now, reason, command.session, channels)
    return _become(turn, agent, change)


def grace_over(turn: Turn, name: str, at: int) -> None:
    """He did not return: what he holds goes back with its age, what he wraps up is done."""
    agent = turn.workspace.agents.get(name)
    if agent is None or agent.state != "offline" or not 0 < agent.keeps_until <= at:
        return
    returned = []
    for conversation in sorted(agent.work.values(), key=by_number):
        if conversation.snoozed_until or conversation.status == "dialling":
            continue
        if conversation.status == "held":
            turn.emit(Released(conversation.id, agent.name, turn.now, "agent_lost"))
            returned.append(conversation)
        else:
            turn.emit(WrapUpEnded(conversation.id, agent.name, turn.now))
    for conversation in returned:
        requeue(turn, conversation)
    place_all(turn, returned)


def is_gone(turn: Turn, agent: Agent) -> bool:
    """Has he left, and is his grace time over? Nobody would end what he goes on with."""
    left_for_good = agent.state == "offline" and agent.keeps_until <= turn.now
    return left_for_good or agent.rules is None


def may_act_for(turn: Turn, actor: str, agent: str) -> bool:
    """Is the actor this agent, somebody above him, or Patchbay itself?"""
    return actor == agent or is_supervisor(turn, actor)


def is_supervisor(turn: Turn, actor: str) -> bool:
    """May the actor act for every agent of the workspace?"""
    if actor == "system":
        return True
    rules = turn.workspace.rules.agents.get(actor)
    return rules is not None and rules.role != "agent"


def _agent(turn: Turn, name: str, actor: str) -> Agent | None:
    """The agent, if there is one and the actor may act for him; else the command is refused."""
    agent = turn.workspace.agents.get(name)
    if agent is None or agent.rules is None:
        turn.refuse(_NO_AGENT)
        return None
    if not may_act_for(turn, actor, name):
        turn.refuse(_NOT_YOU)
        return None
    return agent


def _keeps_until(turn: Turn, agent: Agent, state: PresenceState) -> int | None:
    """Until when he keeps what he holds. Being offline already, he gains no time by saying so."""
    if state != "offline":
        return None
    if agent.state == "offline":
        return agent.keeps_until or None
    if all(conversation.status == "offered" for conversation in agent.work.values()):
        return None
    return turn.now + round(turn.workspace.rules.grace_seconds * 1000)


def _become(turn: Turn, agent: Agent, change: PresenceChanged) -> None:
    """What he takes now he is offered, what he takes no more others get."""
    worked = at_work(agent)
    turn.emit(change)
    if change.state in ("away", "offline"):
        left(turn, agent)
        return
    fill(turn, agent)
    if worked and change.state != "available":
        stopped(turn, agent)
