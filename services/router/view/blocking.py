"""Blocked senders: who they are, and what came of what they sent. Pure folds of single events."""

from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import BlockedSender


def sender_blocked(now: Moment, event: was.SenderBlocked) -> None:
    keys = now.sheet.keys
    known = now.sheet.get(keys.blocked(event.subject), BlockedSender)
    found = BlockedSender(
        subject=event.subject,
        by=event.by,
        at=event.at,
        until=event.until,
        reason=event.reason,
        ignored=0 if known is None else known.ignored,
        last_at=None if known is None else known.last_at,
    )
    now.sheet.put(keys.blocked(event.subject), found)
    now.sheet.rank(keys.all_blocked(), event.subject, event.at)


def sender_unblocked(now: Moment, event: was.SenderUnblocked) -> None:
    """What he sent while he was blocked is remembered for a while."""
    keys = now.sheet.keys
    now.sheet.unrank(keys.all_blocked(), event.subject)
    known = now.sheet.get(keys.blocked(event.subject), BlockedSender)
    if known is not None:
        now.sheet.put(keys.blocked(event.subject), known, event.at + now.sheet.keep_ms)


def ignored(now: Moment, event: was.Ignored) -> None:
    known = now.sheet.get(now.sheet.keys.blocked(event.why), BlockedSender)
    if known is not None:
        known.ignored += 1
        known.last_at = event.at
        now.sheet.put(now.sheet.keys.blocked(event.why), known)
