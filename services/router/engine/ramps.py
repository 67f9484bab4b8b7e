"""A gentle beginning: whoever signs in is offered only so much in the first minutes.

So the first agent of the morning does not get all at once what waited over night.
"""

from services.router.engine.placing import fill
from services.router.engine.turn import Turn
from shared.events.routing import RampEnded


def ramp_over(turn: Turn, name: str, at: int) -> None:
    """The time of his ramp has come to its end; a later one is not meant."""
    agent = turn.workspace.agents.get(name)
    if agent is not None and agent.ramp_until and agent.ramp_until <= at:
        turn.emit(RampEnded(name, turn.now))
        fill(turn, agent)
