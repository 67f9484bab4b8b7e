"""Priority classes: how urgent a conversation is."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules.base import Seconds
from shared.strict import Strict

Order = Literal["target", "age", "priority", "newest"]
"""In which order what waits is taken."""


class PriorityClass(Strict):
    """How urgent a conversation is. The waiting order is by arrival + target: every turn comes."""

    target_seconds: Seconds = 300
    """When it should be answered, counted from its arrival."""
    by_channel: dict[str, Seconds] = {}
    """Other targets for some channels."""
    boost_seconds: Seconds = 0
    """So much earlier than its target says it has its turn."""
    rank: Annotated[int, Field(ge=-100, le=100)] = 0
    """Strict: all of a higher rank goes before all of a lower one, however long that waits."""

    def target_ms(self, channel: str) -> int:
        """Milliseconds from arrival to its turn: its target, less the boost."""
        target = self.by_channel.get(channel, self.target_seconds)
        return round(target * 1000) - round(self.boost_seconds * 1000)
