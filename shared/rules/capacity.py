"""Capacity: what conversations weigh, and what may go over it."""

from typing import Annotated

from pydantic import Field

from shared.rules.base import Seconds
from shared.rules.conditions import Condition
from shared.strict import Strict

Units = Annotated[int, Field(ge=1, le=100)]


class Label(Strict):
    """What some conversations weigh."""

    when: Condition
    """Which ones, by their attributes."""
    units: Units
    """What one of them weighs."""


class Capacity(Strict):
    """What conversations take of an agent's `total`."""

    units: dict[str, Units] = {}
    """What one conversation weighs, per channel; else 1."""
    labels: tuple[Label, ...] = ()
    """What special ones weigh, whatever their channel; the first label that holds decides."""
    paused_percent: Annotated[int, Field(ge=0, le=100)] = 100
    """So much of its weight, and of its place on the channel, a paused conversation keeps."""
    interrupts: dict[str, tuple[str, ...]] = {}
    """Per channel: the channels whose work does not count when one of it is offered."""


class Ramp(Strict):
    """A gentle beginning for whoever signs in."""

    seconds: Annotated[Seconds, Field(gt=0)]
    """In the first seconds after signing in"""
    offers: Annotated[int, Field(ge=1, le=100)]
    """an agent is offered at most so many conversations."""
