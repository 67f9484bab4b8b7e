"""Topic `routing`: the record. What was decided, by which owner, from which input.

One Decision is one input's whole effect and one log record, so it is true or not true as a whole.
Its events are plain dataclasses: the engine makes many of them. Nobody changes one once it is made;
that they are not frozen makes making them twice as fast. Times are Unix milliseconds.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from shared.estimate import Model
from shared.events.base import Event
from shared.events.commands import PresenceState
from shared.rules.stored import StoredRules

OfferEnd = Literal["accepted", "declined", "expired", "rescinded", "cancelled"]
RulesHow = Literal["file", "apply", "rollback", "promote", "trial"]
TrialEnd = Literal["promoted", "stopped", "replaced"]
ToldWhat = Literal[
    "after_hours",
    "after_hours_closed",
    "max_wait",
    "max_wait_closed",
    "expected_wait",
    "callback_confirmed",
]
LimitDo = Literal["message", "queue", "callback", "close"]
QueuedFor = Literal[
    "new",
    "reopened",
    "requeued",
    "transferred",
    "unanswered",
    "passed_on",
    "moved",
    "woken",
    "split",
    "stepped",
    "callback",
    "consulted",
]
DialEnd = Literal["answered", "missed", "rescinded"]
StepWhy = Literal["after", "nobody_able", "expected_wait"]
WokenBy = Literal["time", "customer", "agent"]


@dataclass(slots=True)
class Opened:
    """A conversation began. `attributes` are what routes look at, `customer` a display name."""

    conversation: str
    key: str
    channel: str
    account: str
    address: str
    customer: str
    attributes: dict[str, str]
    at: int
    event: Literal["opened"] = "opened"


@dataclass(slots=True)
class Reopened:
    conversation: str
    at: int
    event: Literal["reopened"] = "reopened"


@dataclass(slots=True)
class Attached:
    """A customer's action in an open conversation: `action` is its kind, `ref` its event id.

    `key` is the thread it came by, where that is another one's that was merged into it.
    """

    conversation: str
    ref: str
    action: str
    at: int
    key: str | None = None
    event: Literal["attached"] = "attached"


@dataclass(slots=True)
class Enriched:
    """Attributes learned later (an order from an alert, a call's state)."""

    conversation: str
    attributes: dict[str, str]
    event: Literal["enriched"] = "enriched"


@dataclass(slots=True)
class Queued:
    """It waits. `level` and then `due` order it against everything else that waits; a requeue keeps
    them. `requires` and `preferred` are needs over skills; agents of the queues `also` may take it,
    too. `step` counts the route's steps taken; `watched`: the next one may have to come at once;
    `step_at`: at that time.

    Until `kept_until` only `kept_for` is offered it. `asked` are the skills a person asked for.
    `rules` is the version that put it there: that in force, or that on `trial`.
    """

    conversation: str
    queue: str
    priority: str
    requires: dict[str, Any]
    due: int
    at: int
    why: QueuedFor
    route: str | None = None
    kept_for: str | None = None
    kept_until: int | None = None
    asked: dict[str, int] | None = None
    rules: int = 0
    level: int = 0
    step: int = 0
    preferred: tuple[dict[str, Any], ...] = ()
    also: tuple[str, ...] = ()
    units: int = 1
    watched: bool = False
    step_at: int = 0
    trial: bool | None = None
    event: Literal["queued"] = "queued"


@dataclass(slots=True)
class Stepped:
    """Nobody took it, and so the next step of its route comes: `step` counts those taken."""

    conversation: str
    route: str
    step: int
    why: StepWhy
    at: int
    event: Literal["stepped"] = "stepped"


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
class Responded:
    """The first message of an agent reached the provider."""

    conversation: str
    at: int
    event: Literal["responded"] = "responded"


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
class Snoozed:
    """It sleeps with its agent until `until`, or until the customer writes."""

    conversation: str
    agent: str
    until: int
    at: int
    event: Literal["snoozed"] = "snoozed"


@dataclass(slots=True)
class Woken:
    """It sleeps no longer, and its agent goes on with it."""

    conversation: str
    agent: str
    why: WokenBy
    at: int
    event: Literal["woken"] = "woken"


@dataclass(slots=True)
class Closed:
    """It ended: `by` an agent id, `customer` or `system`; `code` says how (`abandoned`, …)."""

    conversation: str
    by: str
    at: int
    code: str | None = None
    event: Literal["closed"] = "closed"


@dataclass(slots=True)
class SenderBlocked:
    """What he sends opens nothing. `subject` is a conversation key or a `CustomerEvent.sender`."""

    subject: str
    by: str
    at: int
    until: int | None = None
    reason: str | None = None
    event: Literal["sender_blocked"] = "sender_blocked"


@dataclass(slots=True)
class SenderUnblocked:
    """He may write again; `by` is `system` when its time was over."""

    subject: str
    by: str
    at: int
    event: Literal["sender_unblocked"] = "sender_unblocked"


@dataclass(slots=True)
class Ignored:
    """A blocked sender's action, kept in `inbound` by the id `ref`: nothing came of it.

    `why` is the subject that is blocked, or `rule:` and the rule's name. `call` and its `account`
    are there when he calls and holds the line.
    """

    key: str
    ref: str
    why: str
    at: int
    account: str | None = None
    call: str | None = None
    event: Literal["ignored"] = "ignored"


@dataclass(slots=True)
class Consulted:
    """The agent `by`, who holds it, asks a colleague: `consult` is that piece of work."""

    conversation: str
    consult: str
    by: str
    at: int
    note: str | None = None
    event: Literal["consulted"] = "consulted"


@dataclass(slots=True)
class CallbackAsked:
    """We owe this customer a call; not before `until`, where that is given."""

    conversation: str
    by: str
    at: int
    until: int | None = None
    event: Literal["callback_asked"] = "callback_asked"


@dataclass(slots=True)
class CallbackMissed:
    """We called back and he did not answer. He is called again at `retry_at`, if at all."""

    conversation: str
    attempt: int
    at: int
    retry_at: int | None = None
    event: Literal["callback_missed"] = "callback_missed"


@dataclass(slots=True)
class Dialled:
    """The customer is called before the agent, who is kept free for him until then at most."""

    conversation: str
    dial: str
    agent: str
    at: int
    until: int
    event: Literal["dialled"] = "dialled"


@dataclass(slots=True)
class DialEnded:
    """His phone rings no longer."""

    conversation: str
    agent: str
    how: DialEnd
    at: int
    event: Literal["dial_ended"] = "dial_ended"


@dataclass(slots=True)
class Merged:
    """`other` ended and became part of `conversation`: its thread goes on there."""

    conversation: str
    other: str
    by: str
    at: int
    event: Literal["merged"] = "merged"


@dataclass(slots=True)
class Unmerged:
    """`other` is a conversation of its own again, as old as it was."""

    conversation: str
    other: str
    by: str
    at: int
    event: Literal["unmerged"] = "unmerged"


@dataclass(slots=True)
class MovedEntry:
    """A customer's action that went from one conversation to another."""

    ref: str
    action: str
    at: int


@dataclass(slots=True)
class SplitOff:
    """The customer's last actions became the conversation `other`, which has just opened."""

    conversation: str
    other: str
    moved: list[MovedEntry]
    by: str
    at: int
    event: Literal["split_off"] = "split_off"


@dataclass(slots=True)
class WrapUpAsked:
    """The agent will need a wrap-up when this conversation ends."""

    conversation: str
    agent: str
    at: int
    event: Literal["wrap_up_asked"] = "wrap_up_asked"


@dataclass(slots=True)
class WrapUpStarted:
    """The agent still works on it, until `until` or until he says so; his capacity stays taken.

    It may be put off until `most`. `code` says how the conversation ended, if he has said so.
    """

    conversation: str
    agent: str
    at: int
    until: int | None = None
    most: int | None = None
    code: str | None = None
    event: Literal["wrap_up_started"] = "wrap_up_started"


@dataclass(slots=True)
class WrapUpExtended:
    conversation: str
    agent: str
    until: int
    at: int
    event: Literal["wrap_up_extended"] = "wrap_up_extended"


@dataclass(slots=True)
class WrapUpCoded:
    """He has said how it ended; the wrap-up goes on until its time is up."""

    conversation: str
    agent: str
    code: str
    at: int
    event: Literal["wrap_up_coded"] = "wrap_up_coded"


@dataclass(slots=True)
class WrapUpEnded:
    conversation: str
    agent: str
    at: int
    code: str | None = None
    event: Literal["wrap_up_ended"] = "wrap_up_ended"


@dataclass(slots=True)
class Forgotten:
    """Its thread window is over; the state no longer knows it."""

    conversation: str
    event: Literal["forgotten"] = "forgotten"


@dataclass(slots=True)
class PresenceChanged:
    """`channels` are what a busy agent still takes. Until `until` an agent who is offline keeps
    what he holds. `lost`: his connection is gone, and he is again what he was if it comes back by
    then.
    """

    agent: str
    state: PresenceState
    at: int
    reason: str | None = None
    session: str | None = None
    channels: tuple[str, ...] = ()
    until: int | None = None
    lost: bool = False
    event: Literal["presence_changed"] = "presence_changed"


@dataclass(slots=True)
class RampEnded:
    """The gentle beginning of an agent who signed in is over."""

    agent: str
    at: int
    event: Literal["ramp_ended"] = "ramp_ended"


@dataclass(slots=True)
class AlertNoted:
    key: str
    alert: str
    rule: str
    order: str | None
    context: dict[str, str]
    until: int
    event: Literal["alert_noted"] = "alert_noted"


@dataclass(slots=True)
class AlertForgotten:
    key: str
    event: Literal["alert_forgotten"] = "alert_forgotten"


@dataclass(slots=True)
class Change:
    """Which version of the rules this is, and who made it. Versions count from 1, without gaps.

    `former` is the version its rules are taken from, `percent` the share of a trial.
    """

    version: int
    how: RulesHow
    by: str = "system"
    note: str = ""
    former: int | None = None
    percent: float | None = None


@dataclass(slots=True)
class HoursTurned:
    """These hours begin, or are over, and stay so until `until` (None: for ever). `since` is when
    that began, 0 where it is not known. `queues` are open or closed by it."""

    hours: str
    open: bool
    since: int
    until: int | None
    at: int
    queues: tuple[str, ...] = ()
    event: Literal["hours_turned"] = "hours_turned"


@dataclass(slots=True)
class Estimated:
    """It has to wait, and how long can be said. `position` is its place among all its queue has on
    the channel, `place` that in its `line`: what waits with the same queue, channel and skills.

    By the `model` (`shared.estimate`) half of all waits like this one end within `p50_ms`, nine in
    ten within `p90_ms`, counted from `at`; `gap_ms` is the mean time between two departures of the
    line, from `known` of them. Without a model what was said of the line before holds no more.
    """

    conversation: str
    line: str
    at: int
    position: int
    place: int
    model: Model | None = None
    gap_ms: int = 0
    known: int = 0
    p50_ms: int = 0
    p90_ms: int = 0
    event: Literal["estimated"] = "estimated"


@dataclass(slots=True)
class WaitLimited:
    """It has waited for too long: the queue's maximum wait number `limit` (from 0) took effect."""

    conversation: str
    queue: str
    limit: int
    do: LimitDo
    at: int
    event: Literal["wait_limited"] = "wait_limited"


@dataclass(slots=True)
class Told:
    """The customer is told something: an automatic message in his language, or a spoken one.

    `parameters` by what: `opens_at` (Unix ms, absent if never) and `time_zone` after hours;
    `position`, `p50_ms` and `p90_ms` (the last two absent if not known) of an expected wait.
    """

    conversation: str
    what: ToldWhat
    parameters: dict[str, str]
    at: int
    event: Literal["told"] = "told"


@dataclass(slots=True)
class Configured:
    """From here on these rules are in force."""

    digest: str
    rules: StoredRules
    at: int
    change: Change
    event: Literal["configured"] = "configured"


@dataclass(slots=True)
class TrialStarted:
    """The routes and classes of these rules decide on a share of the conversations."""

    digest: str
    rules: StoredRules
    at: int
    change: Change
    event: Literal["trial_started"] = "trial_started"


@dataclass(slots=True)
class TrialEnded:
    """The trial of this version is over; `replaced`: other rules came into force meanwhile."""

    version: int
    how: TrialEnd
    at: int
    by: str
    event: Literal["trial_ended"] = "trial_ended"


@dataclass(slots=True)
class Refused:
    """The command had no effect. `code` is the API's problem type, `detail` one sentence."""

    code: Literal["not_found", "gone", "conflict", "forbidden", "invalid"]
    detail: str
    event: Literal["refused"] = "refused"


@dataclass(slots=True)
class Warned:
    """The command had its effect, but: nobody could ever take it, or the agent is not there."""

    conversation: str
    code: Literal["nobody_able", "never", "not_there"]
    detail: str
    event: Literal["warned"] = "warned"


@dataclass(slots=True)
class Unchanged:
    """The command asked for what already is so; the second run of a command ends here."""

    event: Literal["unchanged"] = "unchanged"


RoutingEvent = Annotated[
    Opened
    | Reopened
    | Attached
    | Enriched
    | Queued
    | Stepped
    | Offered
    | Accepting
    | OfferEnded
    | Assigned
    | Responded
    | Released
    | Snoozed
    | Woken
    | Closed
    | SenderBlocked
    | SenderUnblocked
    | Ignored
    | Consulted
    | CallbackAsked
    | CallbackMissed
    | Dialled
    | DialEnded
    | Merged
    | Unmerged
    | SplitOff
    | WrapUpAsked
    | WrapUpStarted
    | WrapUpExtended
    | WrapUpCoded
    | WrapUpEnded
    | Forgotten
    | PresenceChanged
    | RampEnded
    | AlertNoted
    | AlertForgotten
    | HoursTurned
    | Estimated
    | WaitLimited
    | Told
    | Configured
    | TrialStarted
    | TrialEnded
    | Refused
    | Warned
    | Unchanged,
    Field(discriminator="event"),
]


class ShardOwned(Event):
    """From this record on only `epoch` may write here; any record with a lower one is void.

    The first record with an epoch wins it.
    """

    TYPE: ClassVar[str] = "patchbay.routing.owned.v1"

    epoch: int
    instance: str
    at: int


class Decision(Event):
    """The effect of one input, or of time passing (`cause` is then `timer`).

    `seq` counts the decisions of a shard from 1 without gaps. `inbound` and `commands` are the next
    offsets to read of those topics, so that a new owner resumes exactly behind them.
    """

    TYPE: ClassVar[str] = "patchbay.routing.decision.v1"

    epoch: int
    seq: int
    at: int
    workspace: str
    cause: str
    inbound: int
    commands: int
    events: tuple[RoutingEvent, ...]


class Snapshot(Event):
    """A part of a shard's whole state after `seq`; `position` is the next offset of `routing` to
    apply.

    Parts are written while the state is gone through: only the last one says how many `parts` there
    are, the others 0. `begun` is the offset of the first part in this topic; that one itself cannot
    know it.
    """

    TYPE: ClassVar[str] = "patchbay.routing.snapshot.v1"

    shard: int
    epoch: int
    seq: int
    position: int
    inbound: int
    commands: int
    state: str
    part: int = 0
    parts: int = 0
    begun: int | None = None
