"""Fold decisions into conversations, agents and queues. Pure.

A decision about a conversation whose beginning is no longer retained changes only the agent's work.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.router.view import (
    blocking,
    calls,
    consults,
    conversations,
    figures,
    holding,
    hours,
    joining,
    outlook,
    shunned,
)
from services.router.view.moment import Moment
from services.router.view.sheet import Fold, Placed, Sheet
from shared.events import routing as was
from shared.events.routing import Decision
from shared.views.documents import Conversation


def _nothing(_now: Moment, _event: Any) -> None:
    """What the view does not show."""


HANDLERS: Mapping[type[Any], Callable[[Moment, Any], None]] = {
    was.Opened: conversations.opened,
    was.Reopened: conversations.reopened,
    was.Attached: conversations.attached,
    was.Enriched: conversations.enriched,
    was.Stepped: conversations.stepped,
    was.Queued: conversations.queued,
    was.Offered: holding.offered,
    was.Accepting: holding.accepting,
    was.OfferEnded: holding.offer_ended,
    was.Assigned: holding.assigned,
    was.Responded: conversations.responded,
    was.Released: holding.released,
    was.Snoozed: holding.snoozed,
    was.Woken: holding.woken,
    was.Closed: holding.closed,
    was.SenderBlocked: blocking.sender_blocked,
    was.SenderUnblocked: blocking.sender_unblocked,
    was.Ignored: blocking.ignored,
    was.Consulted: consults.consulted,
    was.CallbackAsked: calls.callback_asked,
    was.CallbackMissed: calls.callback_missed,
    was.Dialled: calls.dialled,
    was.DialEnded: calls.dial_ended,
    was.Merged: joining.merged,
    was.Unmerged: joining.unmerged,
    was.SplitOff: joining.split_off,
    was.WrapUpStarted: holding.wrap_up_started,
    was.WrapUpAsked: holding.wrap_up_asked,
    was.WrapUpExtended: holding.wrap_up_extended,
    was.WrapUpCoded: holding.wrap_up_coded,
    was.WrapUpEnded: holding.wrap_up_ended,
    was.PresenceChanged: holding.presence_changed,
    was.Forgotten: _nothing,
    was.RampEnded: _nothing,
    was.BatchBegun: _nothing,
    was.BatchEnded: _nothing,
    was.AlertNoted: _nothing,
    was.AlertForgotten: _nothing,
    was.HoursTurned: hours.turned,
    was.Estimated: outlook.estimated,
    was.WaitLimited: _nothing,
    was.Told: conversations.told,
    was.Configured: outlook.configured,
    was.TrialStarted: _nothing,
    was.TrialEnded: _nothing,
    was.Refused: _nothing,
    was.Warned: _nothing,
    was.Unchanged: _nothing,
}


def _fold(sheet: Sheet, placed: Placed[Decision]) -> None:
    at = placed.data.at
    for index, event in enumerate(placed.data.events):
        now = Moment(sheet, placed.offset, index)
        figures.before(now, event, at)
        HANDLERS[type(event)](now, event)
        shunned.note(now, event)
        figures.after(now, event, at)


def _named(sheet: Sheet, batch: list[Placed[Decision]]) -> Iterable[str]:
    for placed in batch:
        for event in placed.data.events:
            for field in ("conversation", "other", "consult"):
                conversation = getattr(event, field, None)
                if conversation is not None:
                    yield sheet.keys.conversation(conversation)
            if isinstance(event, was.SenderBlocked | was.SenderUnblocked):
                yield sheet.keys.blocked(event.subject)
            elif isinstance(event, was.Ignored):
                yield sheet.keys.blocked(event.why)
            agent = getattr(event, "agent", None)
            if agent is not None:
                yield sheet.keys.agent(agent)
            yield from _of_kind(sheet, event)


def _of_kind(sheet: Sheet, event: Any) -> Iterable[str]:
    if isinstance(event, was.Opened):
        yield sheet.keys.waits(event.channel)
    elif isinstance(event, was.Queued):
        yield sheet.keys.outlook(event.queue)
    elif isinstance(event, was.Configured):
        yield from figures.agents_of(sheet, event)
        yield from map(sheet.keys.outlook, event.rules.queues)
    elif isinstance(event, was.HoursTurned):
        yield sheet.keys.hours()
        yield from map(sheet.keys.outlook, event.queues)


def _behind(sheet: Sheet, batch: list[Placed[Decision]]) -> Iterable[str]:
    """The waits and the agents behind conversations that are only named by their id."""
    for placed in batch:
        for event in placed.data.events:
            name = getattr(event, "conversation", None)
            found = name and sheet.get(sheet.keys.conversation(name), Conversation)
            if found:
                yield sheet.keys.waits(found.channel)
                if found.queue is not None:
                    yield sheet.keys.outlook(found.queue)
                if found.agent is not None:
                    yield sheet.keys.agent(found.agent)
                if found.consult_of is not None:
                    yield sheet.keys.conversation(found.consult_of)


ROUTING_FOLD: Fold[Decision] = Fold(needs=(_named, _behind, figures.needs), apply=_fold)
