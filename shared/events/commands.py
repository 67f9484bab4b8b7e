"""Topic `commands`: what the engine decides on besides `inbound`.

A command's envelope id is its correlation id: the Decision that answers it carries it as `cause`.
`actor` is the agent id that asked, or `system`.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.base import Event, Part
from shared.rules.stored import StoredRules

PresenceState = Literal["available", "busy", "draining", "away", "offline"]


class SetPresence(Event):
    """An agent becomes available, takes new work on the named `channels` only (busy), takes nothing
    new (draining), goes away, or leaves. `session` is the API stream that holds the presence.
    """

    TYPE: ClassVar[str] = "patchbay.command.presence.v1"

    workspace: str
    actor: str
    agent: str
    state: PresenceState
    reason: str | None = None
    session: str | None = None
    channels: tuple[str, ...] = ()


class LosePresence(Event):
    """The stream that held an agent's presence is gone. Of an older session it means nothing.

    What he was offered goes to others at once; what he holds stays his for a grace time.
    """

    TYPE: ClassVar[str] = "patchbay.command.lose_presence.v1"

    workspace: str
    actor: str
    agent: str
    session: str | None = None


class ResumePresence(Event):
    """A stream of the agent is open again: what a loss took from him he is again."""

    TYPE: ClassVar[str] = "patchbay.command.resume_presence.v1"

    workspace: str
    actor: str
    agent: str
    session: str


class AcceptOffer(Event):
    TYPE: ClassVar[str] = "patchbay.command.accept.v1"

    workspace: str
    actor: str
    offer: str


class BeginAccept(Event):
    """The agent has begun to accept (a call is being connected): he gets the time that takes."""

    TYPE: ClassVar[str] = "patchbay.command.begin_accept.v1"

    workspace: str
    actor: str
    offer: str


class DeclineOffer(Event):
    """Let it go to others. For `retry_after` seconds he does not want to be asked again."""

    TYPE: ClassVar[str] = "patchbay.command.decline.v1"

    workspace: str
    actor: str
    offer: str
    reason: str | None = None
    retry_after: float | None = None


class Transfer(Event):
    """Give a held conversation to a queue, an agent or whoever has these skills; it keeps its age.

    `to_agent` is offered it first; then it is the turn of `queue`, or of a queue of his. Without
    `queue`, whoever has the `skills` is looked for where it was.
    """

    TYPE: ClassVar[str] = "patchbay.command.transfer.v1"

    workspace: str
    actor: str
    conversation: str
    queue: str | None = None
    to_agent: str | None = None
    skills: dict[str, int] = {}
    note: str | None = None


class Snooze(Event):
    """Let a held conversation sleep until `until`, or until the customer writes."""

    TYPE: ClassVar[str] = "patchbay.command.snooze.v1"

    workspace: str
    actor: str
    conversation: str
    until: datetime


class Wake(Event):
    """Go on with a conversation that sleeps."""

    TYPE: ClassVar[str] = "patchbay.command.wake.v1"

    workspace: str
    actor: str
    conversation: str


class BlockSender(Event):
    """What he sends opens nothing, until `until` or for good.

    `subject` is a conversation key, or the opaque name of an address (`CustomerEvent.sender`).
    """

    TYPE: ClassVar[str] = "patchbay.command.block_sender.v1"

    workspace: str
    actor: str
    subject: str
    until: datetime | None = None
    reason: str | None = None


class UnblockSender(Event):
    TYPE: ClassVar[str] = "patchbay.command.unblock_sender.v1"

    workspace: str
    actor: str
    subject: str


class Consult(Event):
    """Ask a colleague about a held conversation; the customer stays with who holds it."""

    TYPE: ClassVar[str] = "patchbay.command.consult.v1"

    workspace: str
    actor: str
    conversation: str
    queue: str | None = None
    to_agent: str | None = None
    skills: dict[str, int] = {}
    note: str | None = None


class EndConsult(Event):
    """The question is answered; with `hand_over` the customer goes to who was asked."""

    TYPE: ClassVar[str] = "patchbay.command.end_consult.v1"

    workspace: str
    actor: str
    conversation: str
    hand_over: bool = False


class RequestCallback(Event):
    """Call this customer back, not before `at`; an open promise to him is not made twice."""

    TYPE: ClassVar[str] = "patchbay.command.request_callback.v1"

    workspace: str
    actor: str
    conversation_key: str
    channel: str
    account: str
    address: str
    customer: str = ""
    attributes: dict[str, str] = {}
    at: datetime | None = None


class NoteCall(Event):
    """A call of ours was not answered, derived from `deliveries`.

    `leg` says by whom. `dial` is the attempt where the customer was called first, `agent` who had
    accepted it where the agent was.
    """

    TYPE: ClassVar[str] = "patchbay.command.note_call.v1"

    workspace: str
    conversation: str
    leg: Literal["agent", "customer"]
    dial: str | None = None
    agent: str | None = None


class Merge(Event):
    """Make `other`, of the same customer, a part of `conversation`."""

    TYPE: ClassVar[str] = "patchbay.command.merge.v1"

    workspace: str
    actor: str
    conversation: str
    other: str


MOST_MOVED = 32
"""How many of the customer's last actions can be split off: as many as a thread remembers."""


class Moved(Part):
    """A customer's action that goes to another conversation: its event id, kind and time."""

    ref: str
    action: str
    at: datetime


class Split(Event):
    """Split off `merged`, or the customer's last actions: all of them from some one on.

    For those the customer's name, address, channel and account are what the view knows of them.
    """

    TYPE: ClassVar[str] = "patchbay.command.split.v1"

    workspace: str
    actor: str
    conversation: str
    merged: str | None = None
    moved: Annotated[tuple[Moved, ...], Field(max_length=MOST_MOVED)] = ()
    channel: str = ""
    account: str = ""
    address: str = ""
    customer: str = ""


class Close(Event):
    """End a conversation; the agent's wrap-up begins where the queue has one.

    `seen` is the customer's latest action as whoever closes knows it (its event id): nothing is
    closed over a message that nobody has read.
    """

    TYPE: ClassVar[str] = "patchbay.command.close.v1"

    workspace: str
    actor: str
    conversation: str
    code: str | None = None
    seen: str | None = None
    wrap_up: bool | None = None


class AskWrapUp(Event):
    """The agent will need a wrap-up, whoever ends the conversation."""

    TYPE: ClassVar[str] = "patchbay.command.ask_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str


class ExtendWrapUp(Event):
    """Put the end of a wrap-up off by so many seconds."""

    TYPE: ClassVar[str] = "patchbay.command.extend_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str
    seconds: float


class EndWrapUp(Event):
    """The agent is done; `code` says how it ended, in a word of the queue's."""

    TYPE: ClassVar[str] = "patchbay.command.end_wrap_up.v1"

    workspace: str
    actor: str
    conversation: str
    code: str | None = None


class Configure(Event):
    """From here on decide by these rules. `digest` names them; the same digest changes nothing.

    `how` is `file` where a process found them in its patchbay.yaml: rules that were in force before
    are then left alone. `former` is the version they are taken from. With `over` the command is
    refused unless that version is in force.
    """

    TYPE: ClassVar[str] = "patchbay.command.configure.v1"

    workspace: str
    actor: str = "system"
    digest: str
    rules: StoredRules
    how: Literal["file", "apply", "rollback"] = "apply"
    note: str = ""
    former: int | None = None
    over: int | None = None


class TryRules(Event):
    """Let the routes and classes of these rules decide on a share of the conversations.

    `percent` of all conversation keys, always the same ones. One trial at a time; `over` as in
    Configure.
    """

    TYPE: ClassVar[str] = "patchbay.command.try_rules.v1"

    workspace: str
    actor: str
    digest: str
    rules: StoredRules
    percent: Annotated[float, Field(gt=0, le=100)]
    note: str = ""
    over: int | None = None


class EndTrial(Event):
    """Put the rules that are on trial in force for everybody, or stop the trial."""

    TYPE: ClassVar[str] = "patchbay.command.end_trial.v1"

    workspace: str
    actor: str
    trial: int
    how: Literal["promote", "stop"]
    note: str = ""


class NoteAlert(Event):
    """An alert went to this customer: his next conversation on that thread carries it."""

    TYPE: ClassVar[str] = "patchbay.command.note_alert.v1"

    workspace: str
    conversation_key: str
    alert: str
    rule: str
    order: str | None = None
    context: dict[str, str] = {}
    until: datetime


class NoteDelivery(Event):
    """A reply's outcome, derived from `deliveries`: it stops the first-response clock."""

    TYPE: ClassVar[str] = "patchbay.command.note_delivery.v1"

    workspace: str
    conversation: str
    message_id: str
    outcome: str
    occurred_at: datetime


Command = (
    SetPresence
    | LosePresence
    | ResumePresence
    | AcceptOffer
    | BeginAccept
    | DeclineOffer
    | Transfer
    | Snooze
    | Wake
    | BlockSender
    | UnblockSender
    | Consult
    | EndConsult
    | RequestCallback
    | NoteCall
    | Merge
    | Split
    | Close
    | AskWrapUp
    | ExtendWrapUp
    | EndWrapUp
    | Configure
    | TryRules
    | EndTrial
    | NoteAlert
    | NoteDelivery
)

COMMANDS: tuple[type[Event], ...] = (
    SetPresence,
    LosePresence,
    ResumePresence,
    AcceptOffer,
    BeginAccept,
    DeclineOffer,
    Transfer,
    Snooze,
    Wake,
    BlockSender,
    UnblockSender,
    Consult,
    EndConsult,
    RequestCallback,
    NoteCall,
    Merge,
    Split,
    Close,
    AskWrapUp,
    ExtendWrapUp,
    EndWrapUp,
    Configure,
    TryRules,
    EndTrial,
    NoteAlert,
    NoteDelivery,
)
