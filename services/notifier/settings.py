"""What the notifier is told by its environment, as `PATCHBAY_NOTIFIER_*`."""

from typing import Annotated

from pydantic import Field

from services.notifier.circuit import Fuse
from services.notifier.client import CallLimits
from services.notifier.dispatch import Room
from services.notifier.retries import Patience
from shared.settings import ServiceSettings

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class NotifierSettings(ServiceSettings):
    """Times are in seconds unless the name says hours.

    `notifier_width` conversations of one account are worked on at once, `notifier_depth` messages
    of it are kept in memory. A message is tried for `notifier_age_hours`, at most. After an unknown
    outcome a receipt is awaited for `notifier_doubt_seconds`; then, on a channel that sends
    receipts and knows no idempotency, it is sent again `notifier_resends` times.
    `notifier_resend_unheard` names channels without receipts that are treated the same (a JSON
    list): a mail that is sent again has the same Message-ID, and most mailboxes show it once. While
    Redis is away each pod sends `notifier_local_share` of every rate limit: set it below 1 / pods.
    `notifier_alert_minutes` is how long an alert may wait for its provider before the next channel
    is tried; a customer gets `notifier_alerts_per_day` alerts a day at most.
    """

    notifier_width: Count = 16
    notifier_depth: Count = 500
    notifier_age_hours: Positive = 12
    notifier_call_age_seconds: Positive = 60
    notifier_doubt_seconds: Positive = 60
    notifier_resends: Annotated[int, Field(ge=0, le=3)] = 1
    notifier_resend_unheard: frozenset[str] = frozenset()
    notifier_attempts: Count = 30
    notifier_connect_seconds: Positive = 5
    notifier_read_seconds: Positive = 15
    notifier_total_seconds: Positive = 20
    notifier_workspace_per_second: Positive = 200
    notifier_local_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    notifier_alert_minutes: Positive = 30
    notifier_alerts_per_day: Count = 3

    def patience(self) -> Patience:
        """How long a message is tried."""
        return Patience(
            attempts=self.notifier_attempts,
            age=self.notifier_age_hours * 3600,
            call_age=self.notifier_call_age_seconds,
            doubt=self.notifier_doubt_seconds,
            resends=self.notifier_resends,
            unheard=self.notifier_resend_unheard,
        )

    def call_limits(self) -> CallLimits:
        """The bounds of one HTTP call."""
        return CallLimits(
            connect=self.notifier_connect_seconds,
            read=self.notifier_read_seconds,
            total=self.notifier_total_seconds,
            connections=self.notifier_width,
        )

    def room(self) -> Room:
        """How much at once per account."""
        return Room(self.notifier_width, self.notifier_depth)

    def fuse(self) -> Fuse:
        """When an account is held back."""
        return Fuse()
