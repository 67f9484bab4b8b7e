"""The records of the topic."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.events.base import Event
from shared.events.routing.agents import (
    PresenceChanged,
    RampEnded,
    WrapUpAsked,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
    WrapUpStarted,
)
from shared.events.routing.answers import Refused, Unchanged, Warned
from shared.events.routing.callbacks import CallbackAsked, CallbackMissed, DialEnded, Dialled
from shared.events.routing.conversations import (
    Attached,
    Closed,
    Enriched,
    Forgotten,
    Opened,
    Queued,
    Reopened,
    Responded,
    Stepped,
)
from shared.events.routing.life import Merged, Snoozed, SplitOff, Unmerged, Woken
from shared.events.routing.offers import (
    Accepting,
    Assigned,
    BatchBegun,
    BatchEnded,
    Consulted,
    Offered,
    OfferEnded,
    Released,
)
from shared.events.routing.rules import Configured, TrialEnded, TrialStarted
from shared.events.routing.senders import (
    AlertForgotten,
    AlertNoted,
    Ignored,
    SenderBlocked,
    SenderUnblocked,
)
from shared.events.routing.waits import Estimated, HoursTurned, Told, WaitLimited

RoutingEvent = Annotated[
    Opened
    | Reopened
    | Attached
    | Enriched
    | Queued
    | Stepped
    | BatchBegun
    | BatchEnded
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
    know it. `lines` are as `services/router/engine/snapshot.py` says them.
    """

    TYPE: ClassVar[str] = "patchbay.routing.snapshot.v1"

    shard: int
    epoch: int
    seq: int
    position: int
    inbound: int
    commands: int
    lines: list[Any]
    part: int = 0
    parts: int = 0
    begun: int | None = None
