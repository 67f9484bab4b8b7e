"""In which order: what is due first among conversations, who is idle longest among agents.

Both keys are plain tuples of numbers that stay the same while their owner waits, so a heap never
has to be re-sorted because time passed. `due` is arrival plus the class's target: everything's turn
comes, however much of a more urgent class arrives later.
"""

from services.router.engine.state import Agent, Conversation, Workspace


def due_at(arrived: int, target_ms: int) -> int:
    """When it should have been answered, in Unix milliseconds."""
    return arrived + target_ms


def by_due(conversation: Conversation) -> tuple[int, int]:
    """Sorts what waits: due first, then opened first."""
    return (conversation.due, conversation.number)


def by_number(conversation: Conversation) -> int:
    """Sorts conversations in the order they were opened."""
    return conversation.number


def rested(workspace: Workspace, agent: Agent, at: int) -> None:
    """The agent's idle time starts anew: everybody else has been idle longer than he."""
    workspace.ranks += 1
    agent.rank = workspace.ranks
    agent.idle_since = at
