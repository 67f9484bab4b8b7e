"""What every event model has in common."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of an event. An unknown field is ignored: old readers survive new writers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """The data of one CloudEvent. A breaking change gets a new class with a new `TYPE`."""

    TYPE: ClassVar[str]
