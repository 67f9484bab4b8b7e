"""An explanation must say what is so, as far as it can be seen the slow and obvious way."""

from services.router.engine.obstacles import candidates
from services.router.engine.scores import KEPT
from services.router.engine.state import Conversation, Workspace
from shared.events.routing import Offered
from tests.unit.services.router.engine.oracle import may_be_asked

_NO_OBSTACLE = (None, "asked_last")


def check_why(
    workspace: Workspace,
    conversation: Conversation,
    event: Offered,
    now: int,
    asked: frozenset[str],
) -> None:
    """Before an offer is applied: who is said to be free to take it is so, and nobody else; whoever
    is asked has no obstacle, the recorded score, and the lowest one of those without any who were
    not `asked` just before."""
    found, counts = candidates(workspace, conversation, now)
    free = {one.agent for one in found if one.obstacle in _NO_OBSTACLE}
    assert free == {
        agent.name
        for agent in workspace.agents.values()
        if may_be_asked(workspace, agent, conversation, now)
    }
    (mine,) = [one for one in found if one.agent == event.agent]
    assert mine.obstacle in _NO_OBSTACLE
    assert event.chosen == KEPT or mine.score == event.score
    others = [
        one.score
        for one in found
        if one.obstacle is None and one.agent not in asked and event.chosen != KEPT
    ]
    if workspace.rules.batch_ms:
        return
    assert event.score <= min(others, default=event.score)
    assert sum(counts.values()) == len(found)
