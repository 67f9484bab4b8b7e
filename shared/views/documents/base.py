"""What every document of the view has in common."""

from pydantic import BaseModel, ConfigDict

KEPT = 20
"""How many offers and holdings of one conversation are kept, the latest ones."""


FOREVER = 1 << 53
"""Until then nobody is offered what he asks himself."""


class Document(BaseModel):
    """One value under one key. An unknown field is ignored: old readers survive new writers."""

    model_config = ConfigDict(extra="ignore")
