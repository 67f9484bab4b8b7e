"""May this message go now? Pure rules over what we know of the customer on this account.

A refusal here spares the provider's refusal and says why in a sentence the agent can use.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.channels import Limits, Outcome
from shared.events.outbound import OutboundMessage


@dataclass(frozen=True, slots=True)
class Known:
    """A customer on one channel account, as of `as_of`.

    `wrote_at` is his last action that opened a reply window, `seen_at` his last one of any kind.
    `closed` is true while he has ended the thread and not come back; `stopped` and `no_marketing`
    while he wants no automated, or no advertising, messages on this channel. A `language` is what
    the channel said he speaks.
    """

    as_of: datetime
    wrote_at: datetime | None = None
    seen_at: datetime | None = None
    closed: bool = False
    stopped: bool = False
    no_marketing: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Not yet: what must be known first is not known. Ask again in `seconds`."""

    seconds: float


Verdict = Outcome | Hold | None
"""A refusal, a wait, or None: it may go."""

_UNKNOWN_CUSTOMER = Hold(5.0)
_STALE = Hold(0.2)


def judge(message: OutboundMessage, limits: Limits, known: Known | None, now: datetime) -> Verdict:
    """The verdict on a message about to be sent. `known` is None while the index is unavailable:
    then alerts wait, and a reply is trusted as far as its own `window_expires_at` says."""
    if message.kind == "alert" and known is None:
        return _UNKNOWN_CUSTOMER
    if known is not None and (refusal := _unwanted(message, limits, known)):
        return refusal
    return _outside_window(message, limits, known, now)


def window_end(limits: Limits, wrote_at: datetime | None, *, human: bool) -> datetime | None:
    """Until when free text may be sent; None when nothing is known that opened a window.

    Meta, "Messenger platform policy" and WhatsApp "customer service window": 24 hours, on Messenger
    7 days for what a person wrote.
    """
    hours = limits.window_hours
    if human and limits.human_window_hours is not None:
        hours = limits.human_window_hours
    if wrote_at is None or hours is None:
        return None
    return wrote_at + timedelta(hours=hours)


def _unwanted(message: OutboundMessage, limits: Limits, known: Known) -> Outcome | None:
    if known.closed and not limits.cold_start:
        return Outcome(
            "opted_out", reason="The customer ended this conversation; he must write first."
        )
    if message.kind == "alert" and known.stopped:
        return Outcome("opted_out", reason="The customer wants no such messages on this channel.")
    if message.kind == "alert" and not limits.cold_start and known.seen_at is None:
        return Outcome("unreachable", reason="On this channel the customer must write first.")
    return None


def _outside_window(
    message: OutboundMessage, limits: Limits, known: Known | None, now: datetime
) -> Verdict:
    if limits.window_hours is None or message.kind == "call":
        return None
    if message.template is not None and limits.templates:
        return None
    end = window_end(limits, known.wrote_at if known else None, human=message.human)
    if message.window_expires_at is not None:
        end = max(end or message.window_expires_at, message.window_expires_at)
    elif known is not None and end is not None and now >= end and known.as_of < message.written_at:
        return _STALE  # he may have written just before this; the index has not seen so far
    if end is None and message.kind != "alert":
        return None  # nothing known either way: the provider decides
    return None if end is not None and now < end else _closed(message, limits)


def _closed(message: OutboundMessage, limits: Limits) -> Outcome:
    hours = limits.window_hours
    if message.human and limits.human_window_hours is not None:
        hours = limits.human_window_hours
    advice = " Send an approved template instead." if limits.templates else ""
    return Outcome(
        "window_closed",
        code="local",
        reason=f"More than {hours:g} hours have passed since the customer's last message.{advice}",
    )
