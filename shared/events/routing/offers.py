"""Offers, and who holds what."""

from dataclasses import dataclass
from typing import Literal

OfferEnd = Literal["accepted", "declined", "expired", "rescinded", "cancelled"]


@dataclass(slots=True)
class BatchBegun:
    """What waits and who is free is gathered until then."""

    until: int
    at: int
    event: Literal["batch_begun"] = "batch_begun"


@dataclass(slots=True)
class BatchEnded:
    """What was gathered is matched: the offers follow."""

    at: int
    event: Literal["batch_ended"] = "batch_ended"


@dataclass(slots=True)
class Offered:
    """An agent is asked to take it; his capacity is taken from here on.

    `chosen` is the queue's way to choose among those who may take it, or `kept` if it waited for
    him alone; of the tuples compared, `score` was the lowest.
    """

    conversation: str
    offer: str
    agent: str
    at: int
    expires_at: int
    chosen: str = ""
    score: tuple[int, ...] = ()
    event: Literal["offered"] = "offered"


@dataclass(slots=True)
class Accepting:
    """The agent has begun to accept the offer; it is his until `expires_at`."""

    conversation: str
    offer: str
    agent: str
    at: int
    expires_at: int
    event: Literal["accepting"] = "accepting"


@dataclass(slots=True)
class OfferEnded:
    """`until`: who declined or missed it is kept from it until then. Several agents were asked and
    another one was first: rescinded, with the reason `taken`.
    """

    conversation: str
    offer: str
    agent: str
    how: OfferEnd
    at: int
    reason: str | None = None
    until: int | None = None
    event: Literal["offer_ended"] = "offer_ended"


@dataclass(slots=True)
class Assigned:
    conversation: str
    agent: str
    at: int
    event: Literal["assigned"] = "assigned"


@dataclass(slots=True)
class Released:
    """The agent no longer holds it (transferred). `note` is what he leaves to the next one."""

    conversation: str
    agent: str
    at: int
    why: str
    note: str | None = None
    event: Literal["released"] = "released"


@dataclass(slots=True)
class Consulted:
    """The agent `by`, who holds it, asks a colleague: `consult` is that piece of work."""

    conversation: str
    consult: str
    by: str
    at: int
    note: str | None = None
    event: Literal["consulted"] = "consulted"
