"""What waits for one agent and nobody else, for a while.

It goes on to everybody who may take it when its time is over, or as soon as that agent is not
available any more. So nothing is kept for somebody who is not there.
"""

from typing import NamedTuple

from services.router.engine.state import Agent, Conversation, State, Workspace
from services.router.engine.timers import arm

MOST = 16
"""How much is kept for one agent at once; whoever has to look through it does so in constant
time."""


class Keep(NamedTuple):
    """For whom, and until when (Unix milliseconds)."""

    agent: str
    until: int


def keep_for(workspace: Workspace, name: str | None, now: int, seconds: float) -> Keep | None:
    """A promise to this agent; None where it makes no sense."""
    agent = workspace.agents.get(name or "")
    if agent is None or agent.rules is None or agent.state != "available" or not seconds:
        return None
    return None if len(agent.kept) >= MOST else Keep(agent.name, now + round(seconds * 1000))


def kept_by(conversation: Conversation) -> Keep | None:
    """The promise that this conversation is under."""
    name = conversation.kept_for
    return None if name is None else Keep(name, conversation.kept_until)


def keep(state: State, workspace: Workspace, conversation: Conversation, promise: Keep) -> None:
    """It waits for this agent alone."""
    conversation.status = "waiting"
    conversation.placed = None
    conversation.kept_for, conversation.kept_until = promise
    workspace.agents[promise.agent].kept[conversation.id] = conversation
    arm(state, promise.until, "keep", workspace.name, conversation.id)


def let_go(workspace: Workspace, conversation: Conversation) -> None:
    """It is kept for nobody. Only for what is kept."""
    del workspace.agents[conversation.kept_for or ""].kept[conversation.id]
    conversation.kept_for, conversation.kept_until = None, 0


def keeper(workspace: Workspace, conversation: Conversation) -> Agent | None:
    """Whom it is kept for."""
    return workspace.agents.get(conversation.kept_for or "")
