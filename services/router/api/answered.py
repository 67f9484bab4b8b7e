"""What the API answers. Times are RFC 3339 in UTC, durations are in seconds."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.router.api.caller import Role
from shared.estimate import Model
from shared.events.commands import PresenceState
from shared.rules.wrap_up import Mode
from shared.views.documents import ConversationState


class Answer(BaseModel):
    """The body of a successful answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Session(Answer):
    """Send `token` as `Authorization: Bearer`."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_at: datetime
    workspace: str
    agent: str
    role: Role


class StreamTicket(Answer):
    """Good for one `GET /v1/events?ticket=…`, and only for a few seconds."""

    ticket: str
    expires_at: datetime


class Presence(Answer):
    """How an agent stands. `connected`: a stream of his is open, or was a moment ago. `channels`:
    what he takes while busy. `keeps_until`: what he holds goes back then, if he stays offline.
    """

    agent: str
    state: PresenceState
    reason: str | None
    channels: list[str]
    keeps_until: datetime | None
    since: datetime | None
    connected: bool


class Customer(Answer):
    name: str
    address: str


class Summary(Answer):
    """A conversation in a list. `attributes` are what routes looked at. Until `kept_until` it waits
    for the agent `kept_for` alone; until `snoozed_until` it sleeps with its agent. `consult_of`:
    it is a colleague's question about that conversation."""

    id: str
    state: ConversationState
    channel: str
    account: str
    customer: Customer
    attributes: dict[str, str]
    queue: str | None
    priority: str | None
    agent: str | None
    kept_for: str | None
    kept_until: datetime | None
    snoozed_until: datetime | None
    callback_at: datetime | None
    consult_of: str | None
    opened_at: datetime
    waiting_since: datetime | None
    wrap_up_until: datetime | None


class OpenOffer(Answer):
    """Accept or decline it before `expires_at`. `accepting`: you said that you are about to."""

    id: str
    state: Literal["pending", "accepting"]
    made_at: datetime
    expires_at: datetime
    conversation: Summary


class Offers(Answer):
    offers: list[OpenOffer]


class Conversations(Answer):
    """What the agent holds, and what he still wraps up."""

    held: list[Summary]
    wrapping_up: list[Summary]


class TemplateInfo(Answer):
    name: str
    languages: list[str]


class ReplyRules(Answer):
    """What may be sent now, so that an agent knows before he writes.

    `allowed` is about the caller; `reason` says why not. Until `free_text_until` any text may be
    sent (no end: null), until `human_agent_until` what a person writes; after that, only
    `templates`. `text_limit` is in characters, `attachments` are the kinds of file.
    """

    allowed: bool
    reason: str | None
    free_text: bool
    free_text_until: datetime | None
    human_agent_until: datetime | None
    templates: list[TemplateInfo]
    text_limit: int
    attachments: list[str]
    spoken: bool


class AlertShown(Answer):
    """What we told the customer last by ourselves, on the thread he now answers."""

    message: str
    rule: str
    order: str | None
    text: str | None
    at: datetime


class MergedShown(Answer):
    """A conversation that was merged into this one, and where its customer writes."""

    conversation: str
    channel: str
    account: str


class ExpectedWait(Answer):
    """Of all waits like this one half end within `p50_seconds` from now, nine in ten within
    `p90_seconds`: an estimate by `model`, from how fast its line moved `as_of`."""

    p50_seconds: float
    p90_seconds: float
    model: Model
    as_of: datetime


class Wait(Answer):
    """The place among all that waits in the queue on the same channel, from 1. `expected` is null
    while nobody can say."""

    position: int
    expected: ExpectedWait | None


class WrapUpShown(Answer):
    """The work after the end, as the queue has it. While it is `active` it ends by itself at
    `until` (null: when you are done), which may be put off until `until_at_most`. `asked`: you have
    said that you will need it.
    """

    mode: Mode
    codes: list[str]
    code_required: bool
    active: bool
    asked: bool
    code: str | None
    until: datetime | None
    until_at_most: datetime | None


class Conversation(Summary):
    """One conversation in full. `channel`, `account` and the customer's address are those by which
    he spoke last: an answer goes there. `merged` conversations belong to it. `wait` is null unless
    it waits."""

    wait: Wait | None
    consult: str | None
    missed_calls: int
    merged: list[MergedShown]
    merged_into: str | None

    reopened: int
    messages: int
    assigned_at: datetime | None
    responded_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_code: str | None
    offer: str | None
    wrap_up: WrapUpShown | None
    reply: ReplyRules
    alert: AlertShown | None


class Accepted(Answer):
    offer: str
    conversation: str


class Accepting(Answer):
    """Accept it before `expires_at`."""

    offer: str
    conversation: str
    expires_at: datetime


class Declined(Answer):
    offer: str


class Changed(Answer):
    conversation: str


class Blocked(Answer):
    """A sender who opens nothing. `subject` names him where his address must not stand."""

    subject: str
    by: str
    since: datetime
    until: datetime | None
    reason: str | None
    ignored: int
    last_ignored_at: datetime | None


class BlockedSenders(Answer):
    """The latest first. `rules` are the names of those in the configuration."""

    senders: list[Blocked]
    rules: list[str]


class BlockedSubject(Answer):
    subject: str


class Consulting(Changed):
    """`consult` is the question: whoever is asked gets it as an offer."""

    consult: str
    warnings: list[str]


class CallbackPromised(Changed):
    """`already`: this customer had been promised one before, and gets one call only."""

    already: bool


class SplitInto(Changed):
    """`other` is a conversation of its own now."""

    other: str


class Transferred(Changed):
    """`warnings`: it was done, but the agent is not there, or nobody could ever take it."""

    warnings: list[str]


class MessageAccepted(Answer):
    """The message is in the log and will be sent; its delivery is shown in the timeline."""

    message: str
    conversation: str
