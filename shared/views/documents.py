"""What stands under the keys of the view. Times are Unix milliseconds, `position`s are offsets."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.estimate import Model
from shared.events.commands import PresenceState
from shared.events.inbound import Action
from shared.events.outbound import OutboundMessage, OutcomeKind
from shared.events.routing import OfferEnd, QueuedFor
from shared.figures.occupancy import Worked
from shared.figures.spans import Span
from shared.figures.tally import Row

KEPT = 20
"""How many offers and holdings of one conversation are kept, the latest ones."""

FOREVER = 1 << 53
"""Until then nobody is offered what he asks himself."""

ConversationState = Literal["open", "waiting", "offered", "dialling", "held", "closed"]
DeliveryState = Literal[
    "sending",
    "retrying",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
]
DELIVERY_ORDER: tuple[DeliveryState, ...] = (
    "sending",
    "retrying",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
)
"""From `accepted` on a state only rises: a receipt that comes late or twice changes nothing."""


class Document(BaseModel):
    """One value under one key. An unknown field is ignored: old readers survive new writers."""

    model_config = ConfigDict(extra="ignore")


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

    `waiting_since` is when the present wait began, `arrived_at` when the first one of this episode
    did. `told` are the offsets of the last decisions that told the customer something by itself,
    `expected` is what was said of this wait.
    `joined` was merged into it, `spoke` is the key by which the customer spoke last, where it
    is not its own; `consult_of` is what it is a question about, `consult` the open question
    about it; `callback_at` is when we call again, `dial` the attempt under way; `moved` are
    entries that belong to another conversation now. `shunned` are the agents it is kept from, and
    until when; `placed` is why it is in its queue, `span` how far it is measured. `began` is the
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


class Work(Document):
    """One conversation that takes a place of an agent's capacity."""

    conversation: str
    channel: str
    phase: Literal["offered", "held", "wrap_up"]
    since: int
    offer: str | None = None
    until: int | None = None
    accepting: bool = False
    units: int = 1
    paused: bool = False


class Agent(Document):
    """An agent's presence and work. `session` is the stream that holds the presence, `channels` are
    what he takes while busy. Offline, he keeps what he holds until `keeps_until`; `lost`: because
    his connection is gone.

    His time is counted up to `accounted`, by `units` that he can take at once.
    """

    id: str
    state: PresenceState = "offline"
    reason: str | None = None
    session: str | None = None
    since: int = 0
    channels: list[str] = []
    keeps_until: int | None = None
    lost: bool = False
    work: dict[str, Work] = {}
    accounted: int = 0
    units: int = 0
    position: int = 0

    def takes(self, channel: str) -> bool:
        """Does he take new work on this channel, given room?"""
        return self.state == "available" or channel in self.channels


class Answered(Document):
    """One wait that an agent ended."""

    at: int
    waited: int


class Waits(Document):
    """The latest answered waits of one channel, oldest first."""

    recent: list[Answered] = []


class Figures(Document):
    """What was counted in one interval, by `queue/channel/class`."""

    rows: dict[str, Row] = {}


class WorkedTime(Document):
    """The time of all agents in one interval."""

    sum: Worked = Field(default_factory=Worked)


class Targets(Document):
    """What the rules in force say: per queue the target and the short wait, in milliseconds, and
    how long somebody is kept from what he gave away."""

    queues: dict[str, tuple[int, int]] = {}
    decline_ms: int = 0


class Turned(Document):
    """Whether some hours are open, and until when they stay so (None: for ever)."""

    open: bool
    until: int | None = None


class Hours(Document):
    """How each opening hours of the rules stand, since they turned last."""

    standing: dict[str, Turned] = {}


class Staff(Document):
    """How many units each agent of the rules in force can take at once."""

    units: dict[str, int] = {}


class LinePace(Document):
    """How what waits with the same queue, channel and skills moves, as of `at`. `place` is that in
    this line of whoever stands at `position` among all the queue has on the channel."""

    channel: str
    requires: dict[str, Any] = {}
    model: Model
    gap_ms: int
    known: int
    position: int
    place: int
    at: int


class Outlook(Document):
    """What the waits of one queue look like ahead: its lines, the latest estimates last. `verdicts`
    are how the latest estimates turned out, by channel, a letter for each. While it is not `open`,
    nothing is said."""

    open: bool = True
    lines: dict[str, LinePace] = {}
    verdicts: dict[str, str] = {}


class Reference(Document):
    """Names a conversation: the last one on a conversation key, the one that was offered."""

    conversation: str


class MailHead(Document):
    """The customer's latest mail: what an answer refers to (RFC 5322)."""

    message_id: str
    subject: str = ""
    references: list[str] = []


class Item(Document):
    """What a customer did, as the channel read it."""

    action: Action


class Contact(Document):
    """How to answer on a conversation key. `spoke_at` is when the reply window last began."""

    address: str
    name: str | None = None
    language: str | None = None
    spoke_at: int | None = None
    mail: MailHead | None = None


class Sent(Document):
    """A message of ours, as it was written to `outbound`."""

    message: OutboundMessage


class PartDelivery(Document):
    """What became of one of the provider calls that a message needs."""

    state: DeliveryState
    at: int
    attempt: int = 0
    kind: OutcomeKind | None = None
    code: str | None = None
    reason: str | None = None


class Delivery(Document):
    """What became of a message we sent; `parts` by number, of `total`. `provider_ids` are what the
    provider calls them."""

    parts: dict[int, PartDelivery] = {}
    total: int = 1
    provider_ids: dict[int, str] = {}
    accepted_at: int | None = None


class ProviderMessage(Document):
    """A provider's message id: whose it is, or what was reported before we knew."""

    message: str | None = None
    part: int = 0
    reported: PartDelivery | None = None


class Alerted(Document):
    """Names the last alert that went out on a conversation key."""

    message: str


class Marks(Document):
    """Up to these times everything sent on a conversation key was delivered and read."""

    delivered: int | None = None
    read: int | None = None


class CustomerEntry(Document):
    """A customer's action; its content is the item `ref`."""

    type: Literal["customer"] = "customer"
    ref: str
    action: str


class MessageEntry(Document):
    """A message of ours; its content is the message `id`."""

    type: Literal["message"] = "message"
    id: str


class SystemEntry(Document):
    """What happened to the conversation. `id` is its place in the record."""

    type: Literal["system"] = "system"
    id: str
    event: str
    agent: str | None = None
    queue: str | None = None
    how: str | None = None
    reason: str | None = None
    note: str | None = None
    other: str | None = None
    why: Why | None = None


Entry = Annotated[CustomerEntry | MessageEntry | SystemEntry, Field(discriminator="type")]
_ENTRY: TypeAdapter[CustomerEntry | MessageEntry | SystemEntry] = TypeAdapter(Entry)
_LAST = "~"


def entry_text(entry: CustomerEntry | MessageEntry | SystemEntry, order: str = _LAST) -> str:
    """An entry as a member of the sorted set. `order` sorts entries of the same millisecond."""
    return f"{order}|{_ENTRY.dump_json(entry, exclude_none=True).decode()}"


def entry_of(text: str) -> CustomerEntry | MessageEntry | SystemEntry:
    """The entry that `entry_text` wrote."""
    return _ENTRY.validate_json(text.partition("|")[2])
