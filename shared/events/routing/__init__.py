"""Topic `routing`: the record. What was decided, by which owner, from which input.

One Decision is one input's whole effect and one log record, so it is true or not true as a whole.
Its events are plain dataclasses: the engine makes many of them. Nobody changes one once it is made;
that they are not frozen makes making them twice as fast. Times are Unix milliseconds.
"""

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
from shared.events.routing.callbacks import (
    CallbackAsked,
    CallbackMissed,
    DialEnd,
    DialEnded,
    Dialled,
)
from shared.events.routing.conversations import (
    Attached,
    Closed,
    Enriched,
    Forgotten,
    Opened,
    Queued,
    QueuedFor,
    Reopened,
    Responded,
    Stepped,
    StepWhy,
)
from shared.events.routing.life import (
    Merged,
    MovedEntry,
    Snoozed,
    SplitOff,
    Unmerged,
    Woken,
    WokenBy,
)
from shared.events.routing.offers import (
    Accepting,
    Assigned,
    Consulted,
    Offered,
    OfferEnd,
    OfferEnded,
    Released,
)
from shared.events.routing.record import Decision, RoutingEvent, ShardOwned, Snapshot
from shared.events.routing.rules import (
    Change,
    Configured,
    RulesHow,
    TrialEnd,
    TrialEnded,
    TrialStarted,
)
from shared.events.routing.senders import (
    AlertForgotten,
    AlertNoted,
    Ignored,
    SenderBlocked,
    SenderUnblocked,
)
from shared.events.routing.waits import Estimated, HoursTurned, LimitDo, Told, ToldWhat, WaitLimited

__all__ = [
    "Accepting",
    "AlertForgotten",
    "AlertNoted",
    "Assigned",
    "Attached",
    "CallbackAsked",
    "CallbackMissed",
    "Change",
    "Closed",
    "Configured",
    "Consulted",
    "Decision",
    "DialEnd",
    "DialEnded",
    "Dialled",
    "Enriched",
    "Estimated",
    "Forgotten",
    "HoursTurned",
    "Ignored",
    "LimitDo",
    "Merged",
    "MovedEntry",
    "OfferEnd",
    "OfferEnded",
    "Offered",
    "Opened",
    "PresenceChanged",
    "Queued",
    "QueuedFor",
    "RampEnded",
    "Refused",
    "Released",
    "Reopened",
    "Responded",
    "RoutingEvent",
    "RulesHow",
    "SenderBlocked",
    "SenderUnblocked",
    "ShardOwned",
    "Snapshot",
    "Snoozed",
    "SplitOff",
    "StepWhy",
    "Stepped",
    "Told",
    "ToldWhat",
    "TrialEnd",
    "TrialEnded",
    "TrialStarted",
    "Unchanged",
    "Unmerged",
    "WaitLimited",
    "Warned",
    "Woken",
    "WokenBy",
    "WrapUpAsked",
    "WrapUpCoded",
    "WrapUpEnded",
    "WrapUpExtended",
    "WrapUpStarted",
]
