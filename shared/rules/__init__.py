"""The routing rules: what `patchbay.yaml` says about queues, routes and agents.

Part of the configuration, of the command that applies it and of the record of having applied it,
so that a replay decides by the rules of its time.
"""

import hashlib
from typing import Annotated

from pydantic import Field, model_validator

from shared.rules.agents import Agent
from shared.rules.base import Level, Name, Seconds
from shared.rules.blocked import BlockedSenders
from shared.rules.callbacks import Callback
from shared.rules.capacity import Capacity, Ramp
from shared.rules.classes import Order, PriorityClass
from shared.rules.hours import Hours
from shared.rules.keep import Keep
from shared.rules.queues import Formula, Offering, Pick, Queue, ServiceLevel
from shared.rules.routes import First, Route, Step
from shared.rules.waiting import AfterHours, MaxWait
from shared.rules.wrap_up import WrapUp
from shared.strict import Strict

__all__ = [
    "AfterHours",
    "Agent",
    "BlockedSenders",
    "Callback",
    "Capacity",
    "First",
    "Formula",
    "Hours",
    "Keep",
    "Level",
    "MaxWait",
    "Name",
    "Offering",
    "Order",
    "Pick",
    "PriorityClass",
    "Queue",
    "Ramp",
    "Route",
    "Rules",
    "Seconds",
    "ServiceLevel",
    "Step",
    "WrapUp",
    "digest_of",
]


class Rules(Strict):
    """All routing rules of one workspace."""

    queues: dict[Name, Queue] = {}
    """Where conversations wait."""
    hours: dict[Name, Hours] = {}
    """When somebody is there: queues name them."""
    classes: dict[Name, PriorityClass] = {}
    """How urgent they are; `normal` always exists."""
    routes: tuple[Route, ...] = ()
    """What goes where; the last one takes everything, so it has no `when`."""
    agents: dict[Name, Agent] = {}
    """Who takes conversations."""
    skills: tuple[Name, ...] = ()
    """The names that routes and agents may use."""
    default_capacity: dict[str, Annotated[int, Field(ge=0, le=100)]] = {
        "phone": 1,
        "whatsapp": 3,
        "messenger": 3,
        "apple": 3,
        "email": 5,
    }
    """How many conversations at once, per channel, for an agent who says nothing else."""
    capacity: Capacity = Capacity()
    """What conversations weigh, and what may go over the total."""
    order: Order = "target"
    """What is taken first: by arrival and target, by arrival alone, by rank and then arrival, or
    what arrived last."""
    batch_ms: Annotated[int, Field(ge=0, le=1000)] = 0
    """Gather what waits and who is free for so many milliseconds, then match all at the lowest
    cost; 0: match at once."""
    own_first: bool = False
    """An agent takes first what he is best at, then what has its turn."""
    ramp: Ramp | None = None
    """A gentle beginning for whoever signs in."""
    thread_window_hours: dict[str, Annotated[float, Field(ge=0, le=8760)]] = {"email": 72.0}
    """Per channel: how long after its end the customer's next message reopens a conversation."""
    missed_offers: Annotated[int, Field(ge=1, le=100)] = 3
    """After so many missed in a row, an agent is set away."""
    grace_seconds: Seconds = 120
    """For so long an agent who is gone (offline, or his connection lost) keeps what he holds."""
    decline_seconds: Seconds = 30
    """For so long a declined or missed conversation is not offered to the same agent, unless
    nobody else could take it sooner."""

    blocked: tuple[BlockedSenders, ...] = ()
    """Senders whose messages begin no conversation."""
    keep: Keep = Keep()
    """For how long what is meant for one agent is kept for him."""

    @model_validator(mode="after")
    def _has_a_normal_class(self) -> "Rules":
        if "normal" not in self.classes:
            object.__setattr__(self, "classes", {**self.classes, "normal": PriorityClass()})
        return self


def digest_of(rules: Rules) -> str:
    """The name of these rules: equal rules have equal names.

    What has its default is left out, so that a newer version of Patchbay, which has more to say,
    still knows the rules that an older one applied.
    """
    told = rules.model_dump_json(exclude_defaults=True)
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
