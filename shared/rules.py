"""The routing rules: what `patchbay.yaml` says about queues, routes and agents.

Part of the configuration, of the command that applies it and of the record of having applied it,
so that a replay decides by the rules of its time.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.strict import Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Level = Annotated[int, Field(ge=1, le=10)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]


class ServiceLevel(Strict):
    """The target: `percent` of conversations answered within `seconds` of arriving."""

    percent: Annotated[int, Field(ge=1, le=100)] = 80
    seconds: Seconds = 60


class Queue(Strict):
    """Where conversations of one kind wait. Times are in seconds."""

    title: str = ""
    service_level: ServiceLevel = ServiceLevel()
    offer_seconds: Annotated[float, Field(ge=1, le=3600)] = 20
    wrap_up_seconds: Seconds = 0


class PriorityClass(Strict):
    """How urgent a conversation is: it should be answered `target_seconds` after it arrived.

    `by_channel` replaces the target for a channel. The waiting order is by arrival + target, so
    nothing starves: every item's turn comes.
    """

    target_seconds: Seconds = 300
    by_channel: dict[str, Seconds] = {}

    def target_ms(self, channel: str) -> int:
        """Milliseconds from arrival to the moment the answer is due."""
        return round(self.by_channel.get(channel, self.target_seconds) * 1000)


class Route(Strict):
    """The first route whose every condition holds decides queue, class and required skills.

    `when` maps an attribute (channel, account, language, country, tier, intent, menu, alert, …)
    to the values it may have; an attribute that is absent never matches.
    """

    name: Name
    when: dict[str, tuple[str, ...]] = {}
    queue: Name
    priority: Name = "normal"
    requires: dict[Name, Level] = {}


class Agent(Strict):
    """One person (or bot) who takes conversations. `capacity` is how many at once per channel;
    `total` bounds all channels together. `phone` is where calls reach him: `client:…`, `sip:…` or
    an E.164 number.
    """

    title: str = ""
    role: Literal["agent", "supervisor", "admin"] = "agent"
    queues: tuple[Name, ...]
    skills: dict[Name, Level] = {}
    capacity: dict[str, Annotated[int, Field(ge=0, le=100)]] = {}
    total: Annotated[int, Field(ge=1, le=500)] | None = None
    languages: tuple[str, ...] = ()
    phone: str | None = None


class Rules(Strict):
    """All routing rules of one workspace.

    `thread_window_hours` is how long after its end a conversation is reopened by the same
    customer's next message (0: never). An agent who misses `missed_offers` offers in a row is set
    away. A declined or missed conversation is not offered to the same agent again for
    `decline_seconds`, unless nobody else could ever take it sooner.
    """

    queues: dict[Name, Queue] = {}
    classes: dict[Name, PriorityClass] = {}
    routes: tuple[Route, ...] = ()
    agents: dict[Name, Agent] = {}
    skills: tuple[Name, ...] = ()
    default_capacity: dict[str, int] = {
        "phone": 1,
        "whatsapp": 3,
        "messenger": 3,
        "apple": 3,
        "email": 5,
    }
    thread_window_hours: dict[str, Annotated[float, Field(ge=0, le=8760)]] = {"email": 72.0}
    missed_offers: Annotated[int, Field(ge=1, le=100)] = 3
    decline_seconds: Seconds = 30

    @model_validator(mode="after")
    def _has_a_normal_class(self) -> "Rules":
        if "normal" not in self.classes:
            object.__setattr__(self, "classes", {**self.classes, "normal": PriorityClass()})
        return self
