"""What to do next about one message, from what the ledger says. Pure.

The rule for doubt (I8): after an attempt whose outcome nobody knows, a channel where repeating is
harmless repeats; any other waits for a receipt, then asks the provider where that is possible, or
sends again as often as `Patience.resends` allows, and at last tells the agent that it is unknown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.ledger import Entry, Part
from services.notifier.retries import Patience, deadline
from shared.channels import Limits, Outcome
from shared.clock import from_milliseconds
from shared.events.outbound import OutboundMessage


@dataclass(frozen=True, slots=True)
class Done:
    """It is settled in the log."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at that time, or when the ledger learns something."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Send:
    """Call the provider for this part; `doubtful` when the customer may already have it."""

    part: int
    attempt: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Look up at the provider what became of this attempt."""

    part: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Record this outcome of an attempt; `how` a doubt was resolved, if there was one."""

    part: int
    attempt: int
    outcome: Outcome
    final: bool
    how: str | None = None


Step = Done | Wait | Send | Ask | Settle


@dataclass(frozen=True, slots=True)
class Means:
    """What the channel and this process bring: `parts` is how many calls the message needs, `asks`
    whether an outcome can be looked up, `asked` that it was, in vain."""

    parts: int
    limits: Limits
    patience: Patience
    asks: bool = False
    asked: bool = False


def next_step(message: OutboundMessage, entry: Entry | None, means: Means, now: datetime) -> Step:
    """The one thing to do next."""
    if entry is not None and entry.final is not None:
        return Done()
    if message.not_before is not None and now < message.not_before:
        return Wait(message.not_before)
    number, part = _current(entry, means.parts)
    if part.outcome == "accepted" or part.heard == "reached":
        how = None if part.outcome == "accepted" else "receipt"
        sent = Outcome("accepted", part.provider_id)
        return Settle(number, part.attempt, sent, number == means.parts - 1, how)
    if part.open:
        return _in_doubt(message, number, part, means, now)
    end = deadline(message, means.patience)
    if now >= end or part.attempt >= means.patience.attempts:
        return _too_late(number, part)
    if part.retry_at is not None and now < part.retry_at:
        return Wait(min(part.retry_at, end))
    return Send(number, part.attempt + 1, doubtful=part.doubts > 0)


def _current(entry: Entry | None, parts: int) -> tuple[int, Part]:
    """The first part the provider has not taken."""
    for number in range(parts):
        part = entry.parts.get(number) if entry is not None else None
        if part is None:
            return number, Part()
        if part.outcome != "accepted":
            return number, part
    last = parts - 1
    assert entry is not None
    return last, entry.parts[last]


def _in_doubt(
    message: OutboundMessage, number: int, part: Part, means: Means, now: datetime
) -> Step:
    if part.heard == "failed":
        failed = Outcome(part.failure, part.provider_id, reason="The provider did not deliver it.")
        return Settle(number, part.attempt, failed, final=True, how="receipt")
    if means.limits.idempotent:
        return _again(message, number, part, means, now)
    waited = from_milliseconds(part.at) + timedelta(seconds=means.patience.doubt)
    repeats = means.limits.receipts or message.channel in means.patience.unheard
    if (means.asks or repeats) and now < waited:
        return Wait(waited)
    if means.asks and not means.asked:
        return Ask(number, part.attempt)
    if repeats and not means.asks and part.doubts < means.patience.resends:
        return _again(message, number, part, means, now)
    return _surface(number, part)


def _again(message: OutboundMessage, number: int, part: Part, means: Means, now: datetime) -> Step:
    end = deadline(message, means.patience)
    if now >= end or part.attempt >= means.patience.attempts:
        return _surface(number, part)
    if part.retry_at is not None and now < part.retry_at:
        return Wait(min(part.retry_at, end))
    return Send(number, part.attempt + 1, doubtful=True)


def _surface(number: int, part: Part) -> Settle:
    return Settle(
        number,
        part.attempt,
        Outcome(
            "unknown",
            part.provider_id,
            code=part.code,
            reason="The provider's answer was lost: the customer may or may not have it.",
        ),
        final=True,
        how="surfaced",
    )


def _too_late(number: int, part: Part) -> Settle:
    if part.doubts:
        return _surface(number, part)
    kind = part.outcome if part.outcome in ("throttled", "misconfigured") else "retry"
    tries = f" in {part.attempt} attempts" if part.attempt else ""
    reason = f"It could not be sent in time{tries}."
    return Settle(number, part.attempt, Outcome(kind, code=part.code, reason=reason), final=True)
