"""May this agent write to this customer now, and what? Pure; shown beforehand, judged at the end.

Reply windows: Meta, "Messenger platform policy" (24 hours, 7 days for what a person writes) and
WhatsApp's customer service window (24 hours).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.api.asked import Reply
from services.router.api.problems import Refusal
from shared.channels import Limits
from shared.channels.account import AccountSettings
from shared.clock import from_milliseconds
from shared.config.models import Template
from shared.views.documents import Contact, Conversation

LIVE = frozenset({"started", "menu", "queued", "bridged"})
"""The states of a call whose line is open."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Until when free text may be sent; None: there is no end (`limited` False) or it is over."""

    limited: bool
    until: datetime | None = None
    human_until: datetime | None = None

    def open(self, now: datetime) -> bool:
        """May an agent write free text?"""
        ends = [end for end in (self.until, self.human_until) if end is not None]
        return not self.limited or any(now < end for end in ends)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the judgement rests on."""

    conversation: Conversation
    contact: Contact | None
    limits: Limits
    account: AccountSettings | None
    templates: Mapping[str, Template]
    now: datetime

    def windows(self) -> Windows:
        """The reply windows as of the customer's last message."""
        limits = self.limits
        if limits.window_hours is None:
            return Windows(limited=False)
        spoke_at = self.contact.spoke_at if self.contact is not None else None
        if spoke_at is None:
            return Windows(limited=True)
        spoke = from_milliseconds(spoke_at)
        until = spoke + timedelta(hours=limits.window_hours)
        # Messenger's longer window needs a permission that not every page has.
        human = limits.human_window_hours if getattr(self.account, "human_agent", True) else None
        human_until = spoke + timedelta(hours=human) if human is not None else None
        return Windows(True, until, human_until)

    def sendable(self) -> dict[str, Template]:
        """The templates that this channel can carry, by name."""
        if not self.limits.templates:
            return dict(self.templates)
        channel = self.conversation.channel
        return {
            name: template
            for name, template in self.templates.items()
            if any(getattr(text, channel, None) for text in template.languages.values())
        }

    def live_call(self) -> str | None:
        """The provider's id of the call whose line is open."""
        known = self.conversation.attributes
        return known.get("call") if known.get("call_state") in LIVE else None


def may_write(situation: Situation, agent: str) -> Refusal | None:
    """Why this agent may not write anything at all; None when he may."""
    conversation = situation.conversation
    if conversation.state == "closed":
        return Refusal("gone", "This conversation has ended.")
    if conversation.consult_of is not None:
        return Refusal("forbidden", "A colleague's question is not read by the customer.")
    if conversation.agent is None:
        return Refusal("not_assigned", "Nobody has accepted this conversation.")
    if conversation.agent != agent:
        return Refusal("forbidden", f"{conversation.agent} holds this conversation.")
    if situation.account is None:
        return Refusal(
            "conflict", f"The account {conversation.account} is not configured any more."
        )
    if conversation.channel == "phone" and situation.live_call() is None:
        return Refusal("no_live_call", "The customer is not on the line.")
    return None


def judge(situation: Situation, agent: str, reply: Reply) -> Refusal | None:
    """Why this reply is refused; None when it may be sent."""
    refusal = may_write(situation, agent)
    if refusal is None and reply.template is not None:
        return _judge_template(situation, reply)
    return refusal or _judge_window(situation) or _judge_content(situation, reply)


def _judge_template(situation: Situation, reply: Reply) -> Refusal | None:
    assert reply.template is not None
    name = reply.template.name
    if name not in situation.templates:
        return Refusal("invalid", f"There is no template {name}.", "/template/name")
    if name not in situation.sendable():
        channel = situation.conversation.channel
        detail = f"The template {name} is not approved on {channel}."
        return Refusal("not_carried", detail, "/template/name")
    if reply.attachments and situation.conversation.channel == "messenger":
        return Refusal("not_carried", "A template on Messenger carries no file.", "/attachments")
    return _judge_attachments(situation, reply)


def _judge_window(situation: Situation) -> Refusal | None:
    windows = situation.windows()
    if windows.open(situation.now):
        return None
    ends = [end for end in (windows.until, windows.human_until) if end is not None]
    if not ends:
        return Refusal("window_closed", "The customer has not written on this channel lately.")
    over = max(ends).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Refusal("window_closed", f"The time for a free answer ended at {over}.")


def _judge_content(situation: Situation, reply: Reply) -> Refusal | None:
    limit, text = situation.limits.text, reply.text or ""
    if len(text) > limit:
        detail = f"The text has {len(text)} characters, the channel takes {limit}."
        return Refusal("too_long", detail, "/text")
    if reply.text is not None and not text.strip():
        return Refusal("invalid", "The text is empty.", "/text")
    if not text and situation.conversation.channel in ("phone", "email"):
        return Refusal("not_carried", "This channel needs a text.", "/text")
    return _judge_attachments(situation, reply)


def _judge_attachments(situation: Situation, reply: Reply) -> Refusal | None:
    for index, attachment in enumerate(reply.attachments):
        if attachment.kind not in situation.limits.attachments:
            detail = f"The channel carries no file of kind {attachment.kind}."
            return Refusal("not_carried", detail, f"/attachments/{index}/kind")
    return None
