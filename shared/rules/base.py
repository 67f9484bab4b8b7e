"""The words and numbers that rules are made of."""

import re
from typing import Annotated

from pydantic import Field

_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"

Name = Annotated[str, Field(pattern=_NAME)]
Level = Annotated[int, Field(ge=1, le=10)]
Seconds = Annotated[float, Field(ge=0, le=31_536_000)]


def is_name(text: str) -> bool:
    """Is it of the form of a name?"""
    return re.fullmatch(_NAME, text) is not None
