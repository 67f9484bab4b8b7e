"""A scenario: what comes, who is there, and by which rules. One YAML file."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from shared.rules import Level
from shared.strict import Strict

Text = Annotated[str, Field(min_length=1, max_length=100)]
Order = Literal["age", "priority", "target", "newest"]
Pick = Literal["longest_idle", "least_loaded", "most_spare", "best_fit", "round_robin"]

WORDS: dict[str, int] = {"urgent": 2, "high": 1, "normal": 0, "low": -1}
"""Priorities by name, as numbers."""


def _priority(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and value not in WORDS):
        raise ValueError("should be a whole number, or one of: " + ", ".join(WORDS))
    return WORDS.get(value, value) if isinstance(value, str) else value


def _minutes(value: Any) -> int | float:
    """As it was written: it becomes a key of the output."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100_000:
        return value
    raise ValueError("should be a number of minutes, at least 0 and at most 100000")


Rate = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Minutes = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]


class Shape(Strict):
    """How a duration varies around its mean; exponential where nothing is said."""

    distribution: Literal["exponential", "deterministic", "erlang", "lognormal", "uniform"] = (
        "exponential"
    )
    """`uniform`: anything between 0 and twice the mean, equally often."""
    stages: Annotated[int, Field(ge=1, le=100)] = 2
    """`erlang`: the sum of so many exponential times; its coefficient of variation is
    1/sqrt(stages)."""
    variation: Annotated[float, Field(gt=0, le=10)] = 1.0
    """`lognormal`: standard deviation divided by mean."""


class Contact(Strict):
    """One kind of contact."""

    name: Text
    """What the output calls it."""
    channel: Text
    """Where it comes in; agents have a capacity per channel."""
    rate_per_minute: Rate
    """How many arrive in a minute, on average."""
    handle_minutes: Minutes
    """How long an agent works on one, on average."""
    patience_minutes: Minutes | None = None
    """How long a customer waits before he gives up, on average; absent: he never does."""
    requires: dict[Text, Level] = {}
    """Skills an agent needs for it, and the least level of each."""
    priority: Annotated[int, BeforeValidator(_priority), Field(ge=-1000, le=1000)] = 0
    """The higher number is the more urgent: strictly with `order: priority`, a minute of waiting
    per point with `order: target`. Or `urgent` (2), `high` (1), `normal` (0), `low` (-1)."""
    arrival: Shape = Shape()
    """How the times between two arrivals vary."""
    handle: Shape = Shape()
    """How handle times vary."""
    patience: Shape = Shape()
    """How patience varies."""


class Agents(Strict):
    """So many agents who are alike."""

    count: Annotated[int, Field(ge=1, le=100_000)]
    """How many."""
    skills: dict[Text, Level] = {}
    """What they can, and how well."""
    capacity: dict[Text, Annotated[int, Field(ge=0, le=100)]] | None = None
    """How many contacts at once, per channel; a channel that is not named is not theirs. Without
    this key: one contact at a time, on any channel."""
    total: Annotated[int, Field(ge=1, le=500)] | None = None
    """How many at once over all channels."""


class Routing(Strict):
    """By which rules."""

    order: Order = "target"
    """Who is next: `age` the oldest of all, `priority` the highest priority and of those the
    oldest, `target` the oldest once every point of priority counts as a minute, `newest` the
    youngest."""
    pick: Pick = "longest_idle"
    """Which of the agents who are free."""


class Scenario(Strict):
    """Everything `patchbay simulate` needs to know."""

    seed: int = 1
    """The same seed gives the same output."""
    arrivals: Annotated[int, Field(ge=20, le=1_000_000_000)] = 100_000
    """How many arrivals are counted, over all kinds."""
    warm_up: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    """How many arrivals come before the first that is counted; a tenth, and enough for the queues
    to find their usual length, where nothing is said."""
    waiting_places: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """There are as many places as the agents have hands, and so many more: whoever comes when all
    are taken is turned away. 0: nobody waits. Absent: nobody is turned away."""
    contacts: tuple[Contact, ...]
    """What comes."""
    agents: tuple[Agents, ...]
    """Who is there."""
    routing: Routing = Routing()
    """By which rules."""
    report_within_minutes: tuple[Annotated[int | float, PlainValidator(_minutes)], ...] = ()
    """For each of these: which share was answered within so many minutes."""
