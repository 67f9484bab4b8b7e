"""What callers may send: request bodies and queries. An unknown field is an error."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from shared.channels.registry import CHANNELS
from shared.events.commands import PresenceState
from shared.strict import Strict

Line = Annotated[str, Field(min_length=1, max_length=200)]
Url = Annotated[str, Field(pattern=r"^https://[^\s]{1,2000}$")]
MOST_TEXT = 60_000


class SignIn(Strict):
    """Name and password of an agent, as configured for a workspace."""

    workspace: Line
    agent: Line
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class PresenceChange(Strict):
    """What an agent wants to be. `busy` takes new work on the named `channels` only; `draining`
    takes nothing new and keeps what there is.
    """

    state: PresenceState
    reason: Line | None = None
    channels: Annotated[tuple[Line, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _names_channels(self) -> "PresenceChange":
        if (self.state == "busy") != bool(self.channels):
            raise ValueError("give channels with busy, and only with busy")
        if unknown := [name for name in self.channels if name not in CHANNELS]:
            raise ValueError(f"no channel {unknown[0]}: {', '.join(sorted(CHANNELS))}")
        return self


class Decline(Strict):
    """Why an offer is not taken; shown to supervisors. For `retry_after` seconds you do not want to
    be asked for it again, while others can; without it, for as long as the rules say.
    """

    reason: Line | None = None
    retry_after: Annotated[float, Field(ge=0, le=31_536_000)] | None = None


class AttachmentIn(Strict):
    """A file at a public https address, from where the provider fetches it."""

    kind: Literal["image", "audio", "video", "file", "sticker"] = "file"
    url: Url
    name: Line | None = None
    mime: Annotated[str, Field(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)] | None = None


class TemplateIn(Strict):
    """A template of the configuration. `values` fill its places; `language` defaults to the
    customer's, and to the template's own where it does not have that."""

    name: Line
    language: Annotated[str, Field(max_length=20)] | None = None
    values: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=1024)]],
        Field(max_length=32),
    ] = {}


class Reply(Strict):
    """A message to the customer: a text with or without files, or a template."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)] | None = None
    attachments: Annotated[tuple[AttachmentIn, ...], Field(max_length=10)] = ()
    template: TemplateIn | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Reply":
        if self.text is None and self.template is None and not self.attachments:
            raise ValueError("give a text, attachments or a template")
        if self.template is not None and self.text is not None:
            raise ValueError("give a text or a template, not both")
        return self


Skill = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class TransferTo(Strict):
    """Who goes on with the conversation: a queue, an agent, or whoever has these skills.

    An agent is offered it first, for a while; then it is the queue's turn, or that of a queue of
    his. `skills` are names with the least level. The `note` is for whoever goes on.
    """

    queue: Line | None = None
    agent: Line | None = None
    skills: Annotated[dict[Skill, Annotated[int, Field(ge=1, le=10)]], Field(max_length=16)] = {}
    note: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "TransferTo":
        if self.queue is None and self.agent is None and not self.skills:
            raise ValueError("give a queue, an agent or skills")
        return self


class CallbackWish(Strict):
    """Whom to call back, and when. `attributes` are what routes look at, as a channel's hints."""

    account: Line
    address: Annotated[str, Field(min_length=3, max_length=300)]
    customer: Annotated[str, Field(max_length=200)] = ""
    attributes: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=256)]],
        Field(max_length=32),
    ] = {}
    not_before: AwareDatetime | None = None


class BlockWhom(Strict):
    """Whom to block: the customer of a conversation on its thread, or with `everywhere` by his
    address on every account of the channel; or an address of a channel. Without `until`: for good.
    """

    conversation: Line | None = None
    everywhere: bool = False
    channel: Line | None = None
    address: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    until: AwareDatetime | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "BlockWhom":
        if (self.conversation is None) == (self.address is None):
            raise ValueError("give a conversation or an address")
        if (self.address is None) != (self.channel is None):
            raise ValueError("an address needs its channel, and a channel an address")
        return self


class UnblockWhom(Strict):
    """As it stands in the list."""

    subject: Line


class BlockedPage(Strict):
    """How many of the latest."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class Question(TransferTo):
    """Whom to ask about it: as for a transfer. The customer stays where he is."""


class QuestionEnds(Strict):
    """The question is answered. `hand_over`: the customer goes to who was asked."""

    hand_over: bool = False


class MergeIn(Strict):
    """The conversation of the same customer that becomes part of this one."""

    conversation: Line


class SplitOffFrom(Strict):
    """What becomes a conversation of its own: one that was merged in, or the customer's entries
    from `entry` on (its id in the timeline), at most the last 32."""

    merged: Line | None = None
    entry: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "SplitOffFrom":
        if (self.merged is None) == (self.entry is None):
            raise ValueError("give a merged conversation or an entry")
        return self


class SnoozeFor(Strict):
    """Until when it sleeps, at most 90 days; the customer's next message wakes it sooner."""

    until: AwareDatetime


class Closing(Strict):
    """How it ended: one of the queue's codes, or a word of your own where it has none.

    `wrap_up`: whether you need one, where the queue leaves that to you.

    `seen` is the id of the customer's last entry in the timeline that you have read: should he have
    written again meanwhile, nothing is closed (409). Without it, whatever came is closed with it.
    """

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | None = None
    seen: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    wrap_up: bool | None = None


class WrapUpDone(Strict):
    """How the conversation ended: one of the queue's codes."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | None = None


class Extension(Strict):
    """By how much the end of the wrap-up is put off."""

    seconds: Annotated[float, Field(gt=0, le=86_400)]


class Nothing(Strict):
    """No fields."""


class TimelinePage(Strict):
    """Which part of a timeline: the latest entries, those before, or those after a cursor."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[str, Field(max_length=2000)] | None = None
    after: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _one_direction(self) -> "TimelinePage":
        if self.before is not None and self.after is not None:
            raise ValueError("give before or after, not both")
        return self


class QueuePage(Strict):
    """Which part of a queue: `skip` conversations are passed over, the most urgent first."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class FiguresOf(Strict):
    """Which figures: those of the intervals between `since` and `until` (the last 24 hours by
    default; times without a zone are UTC), by queue, channel or class, in all or for each
    interval."""

    since: datetime | None = None
    until: datetime | None = None
    by: Literal["queue", "channel", "class", "all"] = "queue"
    each: Literal["total", "interval"] = "total"


class StreamFrom(Strict):
    """`ticket` stands in for the Authorization header where a browser cannot send one."""

    ticket: Annotated[str, Field(max_length=100)] | None = None
    last_event_id: Annotated[str, Field(max_length=100)] | None = None


RuleNote = Annotated[str, Field(max_length=500)]


class RulesIn(Strict):
    """Rules as in `patchbay.yaml`, why, and the version that must still be in force."""

    rules: dict[str, Any]
    note: RuleNote = ""
    over: Annotated[int, Field(ge=1)] | None = None


class RulesTrialIn(RulesIn):
    """The same, and the share of the conversations: percent of all conversation keys."""

    percent: Annotated[float, Field(gt=0, le=100)]


class RulesBack(Strict):
    """The version to go back to; without one, what was in force before."""

    version: Annotated[int, Field(ge=1)] | None = None
    note: RuleNote = ""


class RulesNote(Strict):
    """Why."""

    note: RuleNote = ""
