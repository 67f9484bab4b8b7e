"""The words and numbers that rules are made of."""

from typing import Annotated

from pydantic import Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Level = Annotated[int, Field(ge=1, le=10)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
