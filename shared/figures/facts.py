"""What one event of the record adds to the figures."""

from dataclasses import dataclass
from typing import Literal

Measure = Literal[
    "arrival",
    "wait",
    "queue_wait",
    "first_response",
    "handle",
    "wrap_up",
    "offer",
    "transfer",
    "estimate",
    "step",
]
"""`arrival`: an episode waits for the first time. `wait`: from there to its first accept, or to the
end of a customer who never got one. `queue_wait`: one stay in one queue. `handle`: one agent's time
with it, `wrap_up` his work after its end. `offer`: from being asked to the end of the offer.
`estimate`: how what was said of a wait turned out. `step`: one step of a route, when it is taken
and when it is over."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured thing. `priority` is the name of a class.

    `outcome` is of a closed set: how a wait ended (answered, abandoned by the customer, ended by
    ourselves), a stay in a queue (the same, or moved), an offer (`OfferEnd`), an estimate; a step
    (`taken`, then how the wait ended in it, or `expired` when the next one came, or `left` when it
    was routed anew); empty for the rest. `route` and `step` (from 1) are of a step only.
    `trial`: rules on trial had put it there.
    """

    measure: Measure
    channel: str
    queue: str
    priority: str
    milliseconds: int = 0
    outcome: str = ""
    route: str = ""
    step: int = 0
    trial: bool = False
