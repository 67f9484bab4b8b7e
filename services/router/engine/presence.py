"""Agents come, pause and go."""

from services.router.engine.offers import left, stopped
from services.router.engine.placing import fill
from services.router.engine.state import Agent
from services.router.engine.turn import Turn
from shared.events.commands import SetPresence
from shared.events.routing import PresenceChanged, Refused

_NO_AGENT = Refused("not_found", "No such agent.")
_NOT_YOU = Refused("forbidden", "Only the agent or a supervisor may set this.")


def set_presence(turn: Turn, command: SetPresence) -> None:
    """Take the new state; what it frees is offered, what it leaves behind goes to others."""
    agent = turn.workspace.agents.get(command.agent)
    if agent is None or agent.rules is None:
        return turn.refuse(_NO_AGENT)
    if not may_act_for(turn, command.actor, agent.name):
        return turn.refuse(_NOT_YOU)
    if _says_nothing_new(command, agent):
        return turn.unchanged()
    before = agent.state
    session = None if command.state == "offline" else command.session or agent.session
    turn.emit(PresenceChanged(agent.name, command.state, turn.now, command.reason, session))
    if command.state in ("away", "offline"):
        left(turn, agent)
    elif command.state == "draining" and before == "available":
        stopped(turn, agent)
    elif before != "available":
        fill(turn, agent)
    return None


def may_act_for(turn: Turn, actor: str, agent: str) -> bool:
    """Is the actor this agent, somebody above him, or Patchbay itself?"""
    return actor == agent or is_supervisor(turn, actor)


def is_supervisor(turn: Turn, actor: str) -> bool:
    """May the actor act for every agent of the workspace?"""
    if actor == "system":
        return True
    rules = turn.workspace.rules.agents.get(actor)
    return rules is not None and rules.role != "agent"


def _says_nothing_new(command: SetPresence, agent: Agent) -> bool:
    """The same again, or the loss of a stream that another one has since replaced."""
    stream = command.session
    if command.state == "offline" and stream and agent.session and stream != agent.session:
        return True
    return (
        command.state == agent.state
        and command.reason == agent.reason
        and stream in (None, agent.session)
    )
