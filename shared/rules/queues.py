"""Queues: where conversations wait, and what is promised there."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from shared.rules.base import Name, Seconds
from shared.rules.callbacks import Callback
from shared.rules.waiting import AfterHours, MaxWait, ascending
from shared.rules.wrap_up import WrapUp
from shared.strict import Strict

Formula = Literal[
    "early_abandons_met",
    "answered_only",
    "abandons_missed",
    "early_abandons_excluded",
    "short_abandons_met",
    "short_abandons_excluded",
]
"""What a customer who gives up means for the service level: see docs/operations.md."""


class ServiceLevel(Strict):
    """The target of a queue."""

    percent: Annotated[int, Field(ge=1, le=100)] = 80
    """So many of a hundred conversations are answered"""
    seconds: Seconds = 60
    """within so many seconds of arriving."""
    formula: Formula = "abandons_missed"
    """How those who gave up are counted; all six are shown, this one is in force."""
    short_abandon_seconds: Seconds = 5
    """Who gives up earlier than this has hardly waited."""


class Offering(Strict):
    """How a queue asks its agents."""

    accept: Literal["agent", "automatic"] = "agent"
    """`automatic`: whoever it is offered to has it at once (forced answer)."""
    accepting_seconds: Seconds = 30
    """For so long an agent who has begun to accept may take; 0: nobody is given that time."""
    agents: Annotated[int, Field(ge=1, le=20)] = 1
    """How many agents are asked at once, if so many are free. Who accepts first has it."""
    retry_seconds: Seconds = 3600
    """For so long at most an agent who declines may ask not to be asked again."""
    most_tries: Annotated[int, Field(ge=1, le=1000)] | None = None
    """After so many offers that were declined or missed it goes to `then_queue`."""
    then_queue: Name | None = None
    """Where somebody sees to what nobody took: a queue that a supervisor serves."""

    @model_validator(mode="after")
    def _ends_somewhere(self) -> "Offering":
        if (self.most_tries is None) != (self.then_queue is None):
            raise ValueError("give most_tries and then_queue together")
        return self


Pick = Literal["longest_idle", "least_loaded", "most_spare", "best_fit", "round_robin"]
"""Which of the agents who may take it is asked."""


class Queue(Strict):
    """Where conversations of one kind wait."""

    title: str = ""
    """What people call it."""
    service_level: ServiceLevel = ServiceLevel()
    """What is promised."""
    pick: Pick = "longest_idle"
    """Which of its agents is asked: who is idle longest, has the fewest units, has the most units
    left, is best at what is needed, or was asked longest ago."""
    offer_seconds: Annotated[float, Field(ge=1, le=3600)] = 20
    """How long an agent may think about an offer before it counts as missed."""
    offer: Offering = Offering()
    """How agents are asked."""
    callback: Callback = Callback()
    """How customers are called back."""
    wrap_up: WrapUp = WrapUp()
    """What agents do after the end."""
    wrap_up_seconds: Seconds = 0
    """Short for `wrap_up: {mode: timed, seconds: …}`."""
    hours: Name | None = None
    """When it is open: a name in `hours`; always, if missing."""
    after_hours: AfterHours = AfterHours()
    """What happens to what comes while it is closed."""
    max_wait: Annotated[tuple[MaxWait, ...], AfterValidator(ascending), Field(max_length=10)] = ()
    """What happens to what waits too long."""
    tell_wait: bool = False
    """Whoever has to wait is told his place and the expected wait, once it is known."""

    @model_validator(mode="after")
    def _wraps_up_in_one_way(self) -> "Queue":
        if self.wrap_up_seconds and self.wrap_up != WrapUp():
            raise ValueError("give wrap_up or wrap_up_seconds, not both")
        return self

    @property
    def after_work(self) -> WrapUp:
        """The wrap-up, however it was written."""
        if not self.wrap_up_seconds:
            return self.wrap_up
        return WrapUp.model_construct(mode="timed", seconds=self.wrap_up_seconds)
