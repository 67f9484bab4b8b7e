"""Routes: what goes where, and what happens when nobody takes it there."""

from typing import Annotated

from pydantic import Field, model_validator

from shared.rules.base import Name, Seconds
from shared.rules.conditions import Condition
from shared.rules.needs import Need, Needs
from shared.strict import Strict

Queues = Annotated[tuple[Name, ...], Field(max_length=8)]


class First(Strict):
    """Who is asked before all others."""

    agent: Annotated[str, Field(min_length=1, max_length=64)] = "last"
    """`last`: who held the customer's last conversation on this thread; else the attribute that
    names him."""
    seconds: Annotated[Seconds, Field(gt=0)]
    """For so long it waits for him alone, while he is there."""
    at_most: Annotated[int, Field(ge=1, le=500)] | None = None
    """Only while he holds fewer conversations than this."""


class Step(Strict):
    """What changes when nobody takes it: one trigger, and what is different from then on."""

    after_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    """When it has waited so long on this route."""
    nobody_able: bool = False
    """At once when nobody is signed in who could ever take it."""
    expected_wait_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    """When the expected wait (p50) is longer than this."""
    queue: Name | None = None
    """It waits in another queue."""
    priority: Name | None = None
    """It is more (or less) urgent."""
    requires: Need | None = None
    """Other skills are needed; `{}`: none."""
    preferred: Needs | None = None
    """Other agents are preferred."""
    also: Queues | None = None
    """Agents of these queues may take it, too, while those keep their own target."""

    @model_validator(mode="after")
    def _one_trigger_and_a_change(self) -> "Step":
        triggers = (self.after_seconds, self.expected_wait_seconds, self.nobody_able or None)
        if sum(trigger is not None for trigger in triggers) != 1:
            raise ValueError("a step has one of after_seconds, nobody_able, expected_wait_seconds")
        changes = (self.queue, self.priority, self.requires, self.preferred, self.also)
        if all(change is None for change in changes):
            raise ValueError("a step changes one of queue, priority, requires, preferred, also")
        return self


class Route(Strict):
    """The first route whose condition holds decides."""

    name: Name
    """What explanations call it."""
    when: Condition = {}
    """What must hold of the conversation's attributes; an absent attribute passes no test."""
    queue: Name
    """Where it waits."""
    priority: Name = "normal"
    """How urgent it is: a name in `classes`."""
    requires: Need = {}
    """The skills needed, and how well."""
    preferred: Needs = ()
    """Whom to ask rather, most important first; nobody waits for it."""
    first: First | None = None
    """One agent is asked before all others."""
    steps: Annotated[tuple[Step, ...], Field(max_length=8)] = ()
    """What changes when nobody takes it, in this order."""
