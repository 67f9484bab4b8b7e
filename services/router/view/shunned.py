"""Who is kept from a conversation, and until when: he declined it, missed it, gave it away, or asks
it himself. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from services.router.view.moment import Moment
from shared.events import routing as was
from shared.views.documents import FOREVER, Conversation, Targets

_MOST = 16


def note(now: Moment, event: Any) -> None:
    """Follow one event, after all else that it does."""
    follow = _FOLLOW.get(type(event))
    if follow is None:
        return
    found = now.conversation(getattr(event, "consult", None) or event.conversation)
    if found is not None:
        follow(now, found, event)
        now.keep(found)


def _keep_from(conversation: Conversation, agent: str, until: int, at: int) -> None:
    kept = {name: then for name, then in conversation.shunned.items() if then > at}
    if until > at:
        kept[agent] = until
    if len(kept) > _MOST:
        del kept[min(kept, key=lambda name: (kept[name], name))]
    conversation.shunned = kept


def _offer_ended(_now: Moment, conversation: Conversation, event: was.OfferEnded) -> None:
    if event.until is not None:
        _keep_from(conversation, event.agent, event.until, event.at)


def _released(now: Moment, conversation: Conversation, event: was.Released) -> None:
    if event.why == "transferred":
        rules = now.sheet.get(now.sheet.keys.targets(), Targets) or Targets()
        _keep_from(conversation, event.agent, event.at + rules.decline_ms, event.at)


def _queued(_now: Moment, conversation: Conversation, event: was.Queued) -> None:
    """What is kept for somebody he may have after all."""
    if event.kept_for is not None:
        conversation.shunned.pop(event.kept_for, None)


def _consulted(_now: Moment, question: Conversation, event: was.Consulted) -> None:
    question.shunned = {event.by: FOREVER}


def _forgiven(_now: Moment, conversation: Conversation, _event: object) -> None:
    conversation.shunned = {}


_FOLLOW: Mapping[type, Callable[[Moment, Conversation, Any], None]] = {
    was.OfferEnded: _offer_ended,
    was.Released: _released,
    was.Queued: _queued,
    was.Consulted: _consulted,
    was.Assigned: _forgiven,
    was.Closed: _forgiven,
}
