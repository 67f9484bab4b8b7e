"""How conversations become one, and one becomes two. Pure folds of single events."""

from services.router.view.conversations import SPEAKS
from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import CustomerEntry, Joined, Reference


def merged(now: Moment, event: was.Merged) -> None:
    """The other one's way to the customer is one of this one's; so is what was merged into it."""
    other = now.conversation(event.other)
    conversation = now.conversation(event.conversation)
    if other is not None:
        other.merged_into = event.conversation
        brought, other.joined = other.joined, []
        now.keep(other)
        if conversation is not None:
            way = other.model_dump(include={"key", "channel", "account", "address"})
            conversation.joined += [Joined(conversation=other.id, **way), *brought]
            now.keep(conversation)
            _point(now, other.key, conversation.id)
    now.tell(event.conversation, event.at, "merged", reason=event.by, other=event.other)
    now.tell(event.other, event.at, "merged_into", reason=event.by, other=event.conversation)


def unmerged(now: Moment, event: was.Unmerged) -> None:
    """It is again what it was."""
    if conversation := now.conversation(event.conversation):
        joined = [one for one in conversation.joined if one.conversation != event.other]
        conversation.joined = joined
        if all(one.key != conversation.spoke for one in joined):
            conversation.spoke = None
        now.keep(conversation)
    if other := now.conversation(event.other):
        other.state, other.merged_into = "open", None
        other.closed_at = other.closed_by = other.closed_code = None
        now.keep(other)
        _point(now, other.key, other.id)
    now.tell(event.conversation, event.at, "unmerged", reason=event.by, other=event.other)
    now.tell(event.other, event.at, "unmerged", reason=event.by, other=event.conversation)


def split_off(now: Moment, event: was.SplitOff) -> None:
    """The entries are the new one's; the old one shows where they went."""
    spoken = sum(entry.action in SPEAKS for entry in event.moved)
    if conversation := now.conversation(event.conversation):
        conversation.messages -= spoken
        conversation.moved |= {entry.ref: event.other for entry in event.moved}
        now.keep(conversation)
    if other := now.conversation(event.other):
        other.messages += spoken
        now.keep(other)
    for entry in event.moved:
        now.enter(event.other, CustomerEntry(ref=entry.ref, action=entry.action), entry.at)
    now.tell(event.conversation, event.at, "split_off", reason=event.by, other=event.other)
    now.tell(event.other, event.at, "split_from", reason=event.by, other=event.conversation)


def _point(now: Moment, key: str, conversation: str) -> None:
    now.sheet.put(now.sheet.keys.thread(key), Reference(conversation=conversation))
