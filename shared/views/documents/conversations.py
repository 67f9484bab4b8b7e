"""Conversations, as the view shows them."""

from typing import Any, Literal

from pydantic import Field

from shared.estimate import Model
from shared.events.routing import OfferEnd, QueuedFor
from shared.figures.spans import Span
from shared.views.documents.base import Document

ConversationState = Literal["open", "waiting", "offered", "dialling", "held", "closed"]


class Why(Document):
    """Why it was put into its queue: by which version of the rules, which route, after how many of
    its steps; or why an agent was asked: how he was `chosen`, and his `score`."""

    rules: int = 0
    route: str | None = None
    step: int = 0
    step_at: int = 0
    priority: str | None = None
    due: int | None = None
    requires: dict[str, Any] = Field(default_factory=dict)
    preferred: list[dict[str, Any]] = Field(default_factory=list)
    also: list[str] = Field(default_factory=list)
    units: int = 1
    chosen: str = ""
    score: list[int] = Field(default_factory=list)


class Offer(Document):
    """One time that an agent was asked; `how` is missing while the offer is open. From
    `accepting_at` on he was about to accept. `queue`, `waited_since` and `why` are as they were
    when he was asked.
    """

    id: str
    agent: str
    at: int
    expires_at: int
    accepting_at: int | None = None
    ended_at: int | None = None
    how: OfferEnd | None = None
    reason: str | None = None
    queue: str | None = None
    waited_since: int | None = None
    why: Why | None = None


class Holding(Document):
    """Who held a conversation from one position of the record until before another."""

    agent: str
    since: int
    until: int | None = None


class Joined(Document):
    """A conversation that was merged into another one, and the way to its customer."""

    conversation: str
    key: str
    channel: str
    account: str
    address: str


class Expected(Document):
    """What was said of a wait when it began, or last: `shared.events.routing.Estimated`."""

    at: int
    position: int
    model: Model
    p50_ms: int
    p90_ms: int


class Conversation(Document):
    """One episode with one customer: where it stands, and what led there.

    `waiting_since` is when the present wait began, `arrived_at` when the first one of this
    episode did. `told` are the offsets of the last decisions that told the customer something
    by itself, `expected` is what was said of this wait. `joined` was merged into it, `spoke` is
    the key by which the customer spoke last, where it is not its own; `consult_of` is what it
    is a question about, `consult` the open question about it; `callback_at` is when we call
    again, `dial` the attempt under way, for which `kept_free` is kept free; `moved` are entries
    that belong to another conversation now. `shunned` are the agents it is kept from, and until
    when; `placed` is why it is in its queue, `span` how far it is measured. `began` is the
    offset of the decision that opened it last, `position` that of the last one about it.
    """

    id: str
    key: str
    channel: str
    account: str
    address: str
    customer: str
    attributes: dict[str, str] = {}
    state: ConversationState = "open"
    opened_at: int
    began: int = 0
    arrived_at: int | None = None
    waiting_since: int | None = None
    assigned_at: int | None = None
    responded_at: int | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    closed_code: str | None = None
    wrap_up_until: int | None = None
    wrap_up_most: int | None = None
    wrap_up_code: str | None = None
    wrap_up_asked: bool = False
    wraps_up: bool = False
    reopened: int = 0
    messages: int = 0
    agent: str | None = None
    queue: str | None = None
    route: str | None = None
    priority: str | None = None
    requires: dict[str, Any] = {}
    due: int | None = None
    why: QueuedFor | None = None
    kept_for: str | None = None
    kept_until: int | None = None
    snoozed_until: int | None = None
    joined: list[Joined] = []
    merged_into: str | None = None
    consult_of: str | None = None
    consult: str | None = None
    missed_calls: int = 0
    callback_at: int | None = None
    dial: str | None = None
    kept_free: str | None = None
    spoke: str | None = None
    moved: dict[str, str] = {}
    offers: list[Offer] = []
    holdings: list[Holding] = []
    told: list[int] = []
    expected: Expected | None = None
    span: Span | None = None
    placed: Why | None = None
    shunned: dict[str, int] = {}
    position: int = 0

    def open_offer(self, agent: str | None = None) -> Offer | None:
        """The offer that an agent may accept now: this agent's, if he is one of those asked."""
        offers = [offer for offer in reversed(self.offers) if offer.how is None]
        own = (offer for offer in offers if offer.agent == agent)
        return next(own, offers[0] if offers else None)

    def answered_on(self) -> "Conversation":
        """The same, with the channel, account, key and address by which the customer spoke last."""
        line = next((one for one in self.joined if one.key == self.spoke), None)
        if line is None:
            return self
        way = line.model_dump(include={"key", "channel", "account", "address"})
        return self.model_copy(update=way)

    def holder_before(self, offset: int) -> str | None:
        """The agent who held it before the decision at this offset, by all that came earlier."""
        for holding in reversed(self.holdings):
            if holding.since < offset and (holding.until is None or offset <= holding.until):
                return holding.agent
        return None


class BlockedSender(Document):
    """Whoever opens nothing. `ignored` counts what he has sent since."""

    subject: str
    by: str
    at: int
    until: int | None = None
    reason: str | None = None
    ignored: int = 0
    last_at: int | None = None
