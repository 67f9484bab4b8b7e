"""Agents: who takes conversations."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules.base import Level, Name
from shared.strict import Strict


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
    """How many units at once over all channels."""
    reserve: Annotated[int, Field(ge=0, le=500)] = 0
    """Units of the total that are kept free for his paused conversations, as far as they need them
    to go on."""
    phone: str | None = None
    """Where calls go: `client:<name>`, `sip:<address>` or an E.164 number."""
