"""Whether a queue can spare its agents for another queue's conversations."""

from services.router.engine.state import Workspace


def spares(_workspace: Workspace, _donor: str, _now: int) -> bool:
    return True
