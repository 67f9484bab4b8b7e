"""The routing rules: what `patchbay.yaml` says about queues, routes and agents.

Part of the configuration, of the command that applies it and of the record of having applied it,
so that a replay decides by the rules of its time.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.strict import Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
MOST_RULES = 600_000
"""Characters of a workspace's rules, as JSON, that fit into one record beside their decision."""

Level = Annotated[int, Field(ge=1, le=10)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]


class ServiceLevel(Strict):
    """The target of a queue."""

    percent: Annotated[int, Field(ge=1, le=100)] = 80
    """So many of a hundred conversations are answered"""
    seconds: Seconds = 60
    """within so many seconds of arriving."""


class Queue(Strict):
    """Where conversations of one kind wait."""

    title: str = ""
    """What people call it."""
    service_level: ServiceLevel = ServiceLevel()
    """What is promised."""
    offer_seconds: Annotated[float, Field(ge=1, le=3600)] = 20
    """How long an agent may think about an offer before it counts as missed."""
    wrap_up_seconds: Seconds = 0
    """How long an agent's capacity stays taken after the end."""


class PriorityClass(Strict):
    """How urgent a conversation is. The waiting order is by arrival + target: every turn comes."""

    target_seconds: Seconds = 300
    """When it should be answered, counted from its arrival."""
    by_channel: dict[str, Seconds] = {}
    """Other targets for some channels."""

    def target_ms(self, channel: str) -> int:
        """Milliseconds from arrival to the moment the answer is due."""
        return round(self.by_channel.get(channel, self.target_seconds) * 1000)


class Route(Strict):
    """The first route whose every condition holds decides."""

    name: Name
    """What explanations call it."""
    when: dict[str, tuple[str, ...]] = {}
    """Attributes and the values they may have; an attribute that is absent never matches."""
    queue: Name
    """Where it waits."""
    priority: Name = "normal"
    """How urgent it is: a name in `classes`."""
    requires: dict[Name, Level] = {}
    """The skills needed, and how well."""


class Agent(Strict):
    """One person (or bot) who takes conversations."""

    title: str = ""
    """What people call this agent."""
    role: Literal["agent", "supervisor", "admin"] = "agent"
    """What the API shows and allows."""
    queues: tuple[Name, ...]
    """Where offers come from."""
    skills: dict[Name, Level] = {}
    """What this agent can, and how well."""
    capacity: dict[str, Annotated[int, Field(ge=0, le=100)]] = {}
    """How many conversations at once, per channel; else `default_capacity`."""
    total: Annotated[int, Field(ge=1, le=500)] | None = None
    """How many at once over all channels."""
    phone: str | None = None
    """Where calls go: `client:<name>`, `sip:<address>` or an E.164 number."""


class Rules(Strict):
    """All routing rules of one workspace."""

    queues: dict[Name, Queue] = {}
    """Where conversations wait."""
    classes: dict[Name, PriorityClass] = {}
    """How urgent they are; `normal` always exists."""
    routes: tuple[Route, ...] = ()
    """What goes where; the last one takes everything, so it has no `when`."""
    agents: dict[Name, Agent] = {}
    """Who takes conversations."""
    skills: tuple[Name, ...] = ()
    """The names that routes and agents may use."""
    default_capacity: dict[str, int] = {
        "phone": 1,
        "whatsapp": 3,
        "messenger": 3,
        "apple": 3,
        "email": 5,
    }
    """How many conversations at once, per channel, for an agent who says nothing else."""
    thread_window_hours: dict[str, Annotated[float, Field(ge=0, le=8760)]] = {"email": 72.0}
    """Per channel: how long after its end the customer's next message reopens a conversation."""
    missed_offers: Annotated[int, Field(ge=1, le=100)] = 3
    """After so many missed in a row, an agent is set away."""
    decline_seconds: Seconds = 30
    """For so long a declined or missed conversation is not offered to the same agent, unless
    nobody else could take it sooner."""

    @model_validator(mode="after")
    def _has_a_normal_class(self) -> "Rules":
        if "normal" not in self.classes:
            object.__setattr__(self, "classes", {**self.classes, "normal": PriorityClass()})
        return self
