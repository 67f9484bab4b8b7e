"""How long a conversation is kept for one agent before others may take it."""

from shared.rules.base import Seconds
from shared.strict import Strict


class Keep(Strict):
    """For so long only the agent it is meant for is offered it, while he is available; 0: not
    at all."""

    transferred_seconds: Seconds = 60
    """After a transfer to an agent."""
    woken_seconds: Seconds = 60
    """After a snooze, for the agent who snoozed it."""
    reopened_seconds: Seconds = 60
    """When a customer comes back, for the agent who had the conversation last."""
