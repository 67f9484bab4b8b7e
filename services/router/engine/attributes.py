"""What routes look at: from the channel, the account, the customer and what he was told."""

from collections.abc import Mapping

from services.router.engine.facts import Alert
from shared.events.inbound import CustomerEvent

MOST_HINTS = 48
MOST_CHARACTERS = 256
"""A hint's name or value is cut there: attributes are copied into the record."""


def of_event(event: CustomerEvent) -> dict[str, str]:
    """The channel's hints, and what we know ourselves, which no hint can replace."""
    action = event.action
    found = bounded(action.hints)
    if action.sender.language:
        found["language"] = action.sender.language
    found["channel"] = event.channel
    found["account"] = event.account
    return found


def of_alert(alert: Alert) -> dict[str, str]:
    """`alert` is the rule's name, for routes; the rest is for the agent."""
    found = bounded(alert.context)
    found["alert"] = alert.rule
    found["alert_id"] = alert.alert
    if alert.order is not None:
        found["order"] = alert.order
    return found


def bounded(hints: Mapping[str, str]) -> dict[str, str]:
    """At most `MOST_HINTS` of them, each at most `MOST_CHARACTERS` long."""
    names = sorted(hints)[:MOST_HINTS] if len(hints) > MOST_HINTS else hints
    return {name[:MOST_CHARACTERS]: hints[name][:MOST_CHARACTERS] for name in names}


def news(known: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """What of this is not known yet."""
    return {name: value for name, value in found.items() if known.get(name) != value}
