"""Who may do what with a conversation, and what the others are told."""

from services.router.engine.presence import is_supervisor
from services.router.engine.state import Conversation
from services.router.engine.turn import Turn
from shared.events.routing import Refused

UNKNOWN = Refused("not_found", "No such conversation.")
ENDED = Refused("gone", "This conversation has ended.")
NOBODY = Refused("conflict", "Nobody holds this conversation.")
OTHERS = Refused("forbidden", "Another agent holds this conversation.")


def problem_of(turn: Turn, actor: str, found: Conversation | None) -> Refused | None:
    """Why this actor may not do anything with this conversation; None if he may.

    Agents handle what they hold, supervisors anything that has not ended.
    """
    if found is None:
        return UNKNOWN
    if found.status == "closed":
        return ENDED
    held = found.status == "held" and found.agent is not None
    if held and found.agent is not None and found.agent.name == actor:
        return None
    if is_supervisor(turn, actor):
        return None
    return OTHERS if held else NOBODY
