"""What is known of one conversation key: its latest conversation, and which events it has seen."""

from collections.abc import Sequence
from hashlib import blake2b

from services.router.engine.state import Attributes, Conversation, Thread, Workspace
from shared.rules import Rules

RECENT_EVENTS = 32
"""How many of a key's last event ids are known again when they come a second time."""

_DIGEST_BYTES = 8
_HOUR_MS = 3_600_000
MEMORY_MS = _HOUR_MS
"""For so long a closed conversation is remembered, at least."""

_MOST_SHARED = 1024


def seen(thread: Thread, ref: str) -> bool:
    """Is this event among the last ones of its thread?"""
    digest = _digest(ref)
    at = thread.recent.find(digest)
    while at % _DIGEST_BYTES and at != -1:
        at = thread.recent.find(digest, at + 1)
    return at != -1


def latest(workspace: Workspace, key: str, ref: str) -> bool:
    """Is this event the last one of its key?"""
    return workspace.threads[key].recent.endswith(_digest(ref))


def ends_with(thread: Thread, refs: Sequence[str]) -> bool:
    """Are these events, in this order, the last ones of the thread?"""
    return thread.recent.endswith(b"".join(_digest(ref) for ref in refs))


def saw(recent: bytes, ref: str) -> bytes:
    """The ring with one more event id; the oldest gives way."""
    return (recent + _digest(ref))[-RECENT_EVENTS * _DIGEST_BYTES :]


def reopens_until(rules: Rules, channel: str, closed_at: int) -> int:
    """Until when the same customer's next message reopens a closed conversation (Unix ms)."""
    return closed_at + round(rules.thread_window_hours.get(channel, 0) * _HOUR_MS)


def forget_at(conversation: Conversation) -> int:
    """When a closed conversation leaves the state: after its thread window and its wrap-up, and
    not within an hour, so that late duplicates and delivery reports still find it.
    """
    return max(remembered_until(conversation), conversation.wrap_up_until)


def remembered_until(conversation: Conversation) -> int:
    """The same without its wrap-up: what is known when it is closed."""
    return max(conversation.reopens_until, conversation.closed_at + MEMORY_MS)


def share(workspace: Workspace, attributes: Attributes) -> Attributes:
    """One object for equal attributes: most conversations look alike to the routes."""
    key = tuple(attributes.items())
    found = workspace.shared.get(key)
    if found is None:
        if len(workspace.shared) >= _MOST_SHARED:
            workspace.shared.clear()
        found = workspace.shared[key] = attributes
    return found


def _digest(ref: str) -> bytes:
    return blake2b(ref.encode(), digest_size=_DIGEST_BYTES).digest()
