"""What to do next with an alert that was planned. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.alerts.facts import Alert
from shared.clock import from_milliseconds
from shared.events.alerts import Settlement

CHANGED = "The facts have changed."


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing, until that time; None: until something is reported."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Release:
    """Send the present step's message, as soon as it is no longer night."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Try the next channel."""


@dataclass(frozen=True, slots=True)
class End:
    """It is over."""

    how: Settlement
    reason: str = ""


Move = Rest | Release | Advance | End


def next_move(
    alert: Alert,
    *,
    true: bool,
    released: bool,
    receipts: bool,
    fallback: timedelta,
    now: datetime,
) -> Move:
    """`true`: the facts still say so. `released`: the message was handed over. `receipts`: the
    channel reports deliveries; elsewhere silence means that the message was not sent back."""
    if alert.reached:
        return End("delivered")
    if alert.outcome is None:
        return _unsent(true=true, released=released)
    if alert.outcome in ("accepted", "unknown") and not alert.failed:
        until = from_milliseconds(alert.reported_at) + fallback
        if now < until:
            return Rest(until)
        if alert.outcome == "accepted" and not receipts:
            return End("delivered", "It was taken and did not come back.")
    return Advance() if true else End("withdrawn", CHANGED)


def _unsent(*, true: bool, released: bool) -> Move:
    if released:
        return Rest(None)
    return Release() if true else End("withdrawn", CHANGED)
