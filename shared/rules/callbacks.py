"""Calling customers back: who is called first, and how often it is tried."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules.base import Seconds
from shared.strict import Strict


class Callback(Strict):
    """How a queue calls back. The customer keeps his place and his age all the while."""

    first: Literal["agent", "customer"] = "agent"
    """Whose phone rings first: the agent's, once he has accepted, or the customer's, while an agent
    is kept free for him."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """After so many that he did not answer, it is closed as `unreachable`."""
    gap_seconds: Seconds = 900
    """How long after one that he did not answer he is called again."""
    ring_seconds: Annotated[float, Field(ge=5, le=600)] = 60
    """With `first: customer`: how long his phone may ring before it counts as not answered."""
