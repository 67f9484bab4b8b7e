"""When to try again: exponential backoff with full jitter, bounded by the message's end. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events.outbound import OutboundMessage

Pick = Callable[[float, float], float]
"""A random number between two bounds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we try, at most `attempts` times. Times in seconds.

    `first` and `longest` bound the backoff. A message ends `age` after it was written, a call
    `call_age` after, because the caller hears silence meanwhile. After an unknown outcome a receipt
    is awaited for `doubt`; `resends` is how often a message without an idempotency handle may then
    be sent again, on channels that send receipts and on those in `unheard`.
    """

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 30
    age: float = 43_200.0
    call_age: float = 60.0
    doubt: float = 60.0
    resends: int = 1
    unheard: frozenset[str] = frozenset()


def backoff(attempt: int, named: float | None, patience: Patience, pick: Pick) -> float:
    """Seconds to wait after the failed attempt number `attempt` (from 1).

    A wait the provider named is kept and the jitter comes on top of it, so that those who were told
    the same do not come back together.
    """
    ceiling = min(patience.longest, patience.first * 2.0 ** min(attempt - 1, 30))
    return (named or 0.0) + pick(0.0, ceiling)


def deadline(message: OutboundMessage, patience: Patience) -> datetime:
    """When all attempts end. The ledger remembers longer than this: see ADR 0006."""
    start = max(message.written_at, message.not_before or message.written_at)
    age = patience.call_age if message.kind == "call" else patience.age
    end = start + timedelta(seconds=age)
    return min(end, message.send_before) if message.send_before else end
