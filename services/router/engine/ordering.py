"""In which order: what has its turn first among conversations, who has it among agents.

All keys are plain tuples of numbers that stay the same while their owner waits, so a heap never
has to be re-sorted because time passed. By default a conversation's turn is its arrival plus its
class's target: everything's turn comes, however much of a more urgent class arrives later.
"""

from services.router.engine.state import Agent, Conversation, Workspace
from shared.rules import Order


def turn_of(order: Order, arrived: int, target_ms: int, rank: int) -> tuple[int, int]:
    """Level and time of its turn: lower ones go first. With `target` the time is when it should
    have been answered, in Unix milliseconds; with `newest` it is the arrival, backwards."""
    if order == "target":
        return -rank, arrived + target_ms
    if order == "priority":
        return -rank, arrived
    return 0, arrived if order == "age" else -arrived


def by_due(conversation: Conversation) -> tuple[int, int, int]:
    """Sorts what waits: what has its turn first, then what was opened first."""
    return (conversation.level, conversation.due, conversation.number)


def by_number(conversation: Conversation) -> int:
    """Sorts conversations in the order they were opened."""
    return conversation.number


def rested(workspace: Workspace, agent: Agent, at: int) -> None:
    """The agent's idle time starts anew: everybody else has been idle longer than he."""
    workspace.ranks += 1
    agent.rank = workspace.ranks
    agent.idle_since = at
