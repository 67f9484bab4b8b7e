"""When it is the turn of a customer who is called before any agent is."""

from services.router.engine.state import Agent, Conversation
from services.router.engine.turn import Turn
from shared.events.routing import Dialled
from shared.ids import derived_id
from shared.rules import Callback


def plan(turn: Turn, conversation: Conversation) -> Callback:
    """How its queue calls back."""
    return turn.workspace.settings(conversation).callback


def dials_first(turn: Turn, conversation: Conversation) -> bool:
    """Is the customer to be called before an agent is asked?"""
    known = conversation.attributes
    if known.get("callback") != "true" or known.get("wish") == "voicemail":
        return False
    return plan(turn, conversation).first == "customer"


def dial(turn: Turn, conversation: Conversation, agent: Agent) -> None:
    """Call him, and keep the agent free for him meanwhile."""
    until = turn.now + round(plan(turn, conversation).ring_seconds * 1000)
    attempt = str(conversation.missed_calls)
    name = derived_id("dia", turn.cause, conversation.id, agent.name, attempt)
    turn.emit(Dialled(conversation.id, name, agent.name, turn.now, until))
