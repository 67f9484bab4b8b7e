"""The base of everything a person writes: configuration and rules."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A piece of configuration: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
