"""Priority classes: how urgent a conversation is."""

from shared.rules.base import Seconds
from shared.strict import Strict


class PriorityClass(Strict):
    """How urgent a conversation is. The waiting order is by arrival + target: every turn comes."""

    target_seconds: Seconds = 300
    """When it should be answered, counted from its arrival."""
    by_channel: dict[str, Seconds] = {}
    """Other targets for some channels."""

    def target_ms(self, channel: str) -> int:
        """Milliseconds from arrival to the moment the answer is due."""
        return round(self.by_channel.get(channel, self.target_seconds) * 1000)
