"""Senders whose messages open nothing."""

from typing import Annotated

from pydantic import Field

from shared.rules.base import Name
from shared.rules.conditions import Condition
from shared.strict import Strict


class BlockedSenders(Strict):
    """Whoever this holds for begins no conversation; what he sends is kept all the same."""

    name: Name
    """What the record calls it."""
    when: Annotated[Condition, Field(min_length=1)]
    """Attributes and the values they must have, as in a route; never empty."""
