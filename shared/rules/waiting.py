"""What happens to those who wait: outside the hours, and when it takes too long."""

from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from shared.rules.base import Name
from shared.strict import Strict


class AfterHours(Strict):
    """What happens to a conversation that comes while its queue is closed.

    `wait`: it waits until the queue opens. `message`: the same, and the customer is told when that
    is. `queue`: it goes to another queue. `callback`: we call back when the queue opens; what is no
    call waits, as with `message`. `close`: the customer is told, and it ends.
    """

    do: Literal["wait", "message", "queue", "callback", "close"] = "message"
    """What happens."""
    queue: Name | None = None
    """The other queue, for `do: queue`."""
    work_off: bool = False
    """Agents who are still there go on being offered what waits."""

    @model_validator(mode="after")
    def _names_a_queue(self) -> "AfterHours":
        return _with_a_queue(self)


class MaxWait(Strict):
    """What happens to a conversation that has waited in its queue for too long.

    The time counts while the queue is open. `message`: the customer is told his place and the
    expected wait. `callback`: we call back instead; what is no call waits on, as with `message`.
    `queue`: it goes to another queue. `close`: the customer is told, and it ends.
    """

    after_seconds: Annotated[float, Field(gt=0, le=31_536_000)]
    """How long that is."""
    do: Literal["message", "queue", "callback", "close"]
    """What happens then."""
    queue: Name | None = None
    """The other queue, for `do: queue`."""

    @model_validator(mode="after")
    def _names_a_queue(self) -> "MaxWait":
        return _with_a_queue(self)

    @property
    def after_ms(self) -> int:
        """`after_seconds` in milliseconds."""
        return round(self.after_seconds * 1000)


def ascending(limits: tuple[MaxWait, ...]) -> tuple[MaxWait, ...]:
    """Raises ValueError unless each comes later than the one before, and can come at all."""
    for earlier, later in pairwise(limits):
        if later.after_seconds <= earlier.after_seconds:
            raise ValueError("each maximum wait must be longer than the one before")
        if earlier.do in ("queue", "close"):
            raise ValueError(f"nothing waits here any more after do: {earlier.do}")
    return limits


Entry = TypeVar("Entry", AfterHours, MaxWait)


def _with_a_queue(entry: Entry) -> Entry:
    if (entry.do == "queue") != (entry.queue is not None):
        raise ValueError("do: queue and the key queue belong together")
    return entry
