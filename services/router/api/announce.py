"""Which decisions an event stream tells, to whom, and in which words. Pure.

An agent hears what names him and what happens to the conversations he holds; whoever leads hears
everything of the workspace. Events hold ids and times, never what a customer wrote.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.router.api.caller import Caller
from services.router.api.position import Position
from services.router.api.tail import Seen
from services.router.engine.scores import in_words
from shared.clock import from_milliseconds
from shared.events import routing as was

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One server-sent event: `name` is its type, `position` its id."""

    position: Position
    name: str
    data: Data


def _presence(event: was.PresenceChanged) -> Data:
    until = event.until
    return {
        "agent": event.agent,
        "state": event.state,
        "reason": event.reason,
        "channels": list(event.channels),
        "keeps_until": None if until is None else from_milliseconds(until),
    }


def _offer(event: was.Offered) -> Data:
    return {
        "offer": event.offer,
        "conversation": event.conversation,
        "agent": event.agent,
        "expires_at": from_milliseconds(event.expires_at),
        "why": in_words(event.chosen, event.score),
    }


def _accepting(event: was.Accepting) -> Data:
    return {
        "offer": event.offer,
        "conversation": event.conversation,
        "agent": event.agent,
        "expires_at": from_milliseconds(event.expires_at),
    }


def _offer_ended(event: was.OfferEnded) -> Data:
    return {
        "offer": event.offer,
        "conversation": event.conversation,
        "agent": event.agent,
        "how": event.how,
        "reason": event.reason,
    }


def _assigned(event: was.Assigned) -> Data:
    return {"conversation": event.conversation, "agent": event.agent}


def _message(event: was.Attached) -> Data:
    return {"conversation": event.conversation, "entry": event.ref, "action": event.action}


def _released(event: was.Released) -> Data:
    return {"conversation": event.conversation, "agent": event.agent, "reason": event.why}


def _snoozed(event: was.Snoozed) -> Data:
    until = from_milliseconds(event.until)
    return {"conversation": event.conversation, "agent": event.agent, "until": until}


def _woken(event: was.Woken) -> Data:
    return {"conversation": event.conversation, "agent": event.agent, "why": event.why}


def _blocked(event: was.SenderBlocked) -> Data:
    until = None if event.until is None else from_milliseconds(event.until)
    return {"subject": event.subject, "by": event.by, "until": until}


def _unblocked(event: was.SenderUnblocked) -> Data:
    return {"subject": event.subject, "by": event.by}


def _consulted(event: was.Consulted) -> Data:
    return {"conversation": event.conversation, "consult": event.consult, "by": event.by}


def _callback(event: was.CallbackAsked) -> Data:
    until = None if event.until is None else from_milliseconds(event.until)
    return {"conversation": event.conversation, "by": event.by, "not_before": until}


def _missed_call(event: was.CallbackMissed) -> Data:
    again = None if event.retry_at is None else from_milliseconds(event.retry_at)
    said = {"conversation": event.conversation, "attempt": event.attempt}
    return {**said, "again_at": again}


def _dialled(event: was.Dialled) -> Data:
    until = from_milliseconds(event.until)
    return {"conversation": event.conversation, "agent": event.agent, "until": until}


def _dial_ended(event: was.DialEnded) -> Data:
    return {"conversation": event.conversation, "agent": event.agent, "how": event.how}


def _joined(event: was.Merged | was.Unmerged | was.SplitOff) -> Data:
    return {"conversation": event.conversation, "other": event.other, "by": event.by}


def _closed(event: was.Closed) -> Data:
    return {"conversation": event.conversation, "by": event.by, "code": event.code}


def _wrap_up(event: was.WrapUpStarted | was.WrapUpExtended) -> Data:
    until = event.until
    return {
        "conversation": event.conversation,
        "agent": event.agent,
        "until": None if until is None else from_milliseconds(until),
    }


def _wrap_up_asked(event: was.WrapUpAsked) -> Data:
    return {"conversation": event.conversation, "agent": event.agent}


def _wrap_up_coded(event: was.WrapUpCoded | was.WrapUpEnded) -> Data:
    return {"conversation": event.conversation, "agent": event.agent, "code": event.code}


def _stepped(event: was.Stepped) -> Data:
    return {
        "conversation": event.conversation,
        "route": event.route,
        "step": event.step,
        "why": event.why,
    }


def _queued(event: was.Queued) -> Data:
    return {"conversation": event.conversation, "queue": event.queue, "why": event.why}


def _hours(event: was.HoursTurned) -> Data:
    until = None if event.until is None else from_milliseconds(event.until)
    return {"hours": event.hours, "open": event.open, "until": until}


def _estimated(event: was.Estimated) -> Data:
    return {
        "conversation": event.conversation,
        "position": event.position,
        "p50_seconds": None if event.model is None else event.p50_ms / 1000,
        "p90_seconds": None if event.model is None else event.p90_ms / 1000,
        "model": event.model,
    }


def _wait_limited(event: was.WaitLimited) -> Data:
    return {"conversation": event.conversation, "queue": event.queue, "do": event.do}


def _told(event: was.Told) -> Data:
    return {"conversation": event.conversation, "what": event.what}


def _rules(event: was.Configured | was.TrialStarted) -> Data:
    made = event.change
    return {
        "version": made.version,
        "how": made.how,
        "by": made.by,
        "note": made.note,
        "percent": made.percent,
    }


def _trial_ended(event: was.TrialEnded) -> Data:
    return {"version": event.version, "how": event.how, "by": event.by}


WORDS: Mapping[type[Any], tuple[str, Callable[[Any], Data]]] = {
    was.PresenceChanged: ("presence", _presence),
    was.Offered: ("offer", _offer),
    was.Accepting: ("accepting", _accepting),
    was.OfferEnded: ("offer_ended", _offer_ended),
    was.Assigned: ("assigned", _assigned),
    was.Attached: ("message", _message),
    was.Released: ("released", _released),
    was.Snoozed: ("snoozed", _snoozed),
    was.Woken: ("woken", _woken),
    was.SenderBlocked: ("sender_blocked", _blocked),
    was.SenderUnblocked: ("sender_unblocked", _unblocked),
    was.Consulted: ("consulted", _consulted),
    was.CallbackAsked: ("callback_asked", _callback),
    was.CallbackMissed: ("callback_missed", _missed_call),
    was.Dialled: ("dialled", _dialled),
    was.DialEnded: ("dial_ended", _dial_ended),
    was.Merged: ("merged", _joined),
    was.Unmerged: ("unmerged", _joined),
    was.SplitOff: ("split_off", _joined),
    was.Closed: ("closed", _closed),
    was.WrapUpAsked: ("wrap_up_asked", _wrap_up_asked),
    was.WrapUpStarted: ("wrap_up", _wrap_up),
    was.WrapUpExtended: ("wrap_up_extended", _wrap_up),
    was.WrapUpCoded: ("wrap_up_coded", _wrap_up_coded),
    was.WrapUpEnded: ("wrap_up_ended", _wrap_up_coded),
    was.Queued: ("queued", _queued),
    was.Stepped: ("stepped", _stepped),
    was.Estimated: ("estimated", _estimated),
    was.WaitLimited: ("wait_limited", _wait_limited),
    was.Told: ("told", _told),
    was.HoursTurned: ("hours", _hours),
    was.Configured: ("rules", _rules),
    was.TrialStarted: ("rules_trial", _rules),
    was.TrialEnded: ("rules_trial_ended", _trial_ended),
}
"""The events of the record that streams tell, and how."""

EVENT_NAMES = ("ready", *(name for name, _ in WORDS.values()), "reset", "drain", "expired")


def announcements(
    seen: Seen, caller: Caller, held: Mapping[str, str | None], after: int = -1
) -> Iterator[Announcement]:
    """What this decision tells the caller, from the event after `after` on.

    `held` names the holder of each conversation before the decision; one that is missing there is
    not known, and then its events are told rather than kept back.
    """
    holders = dict(held)
    for index, event in enumerate(seen.decision.events):
        concerned = caller.leads or _concerns(event, caller.agent, holders)
        _follow(event, holders)
        words = WORDS.get(type(event))
        if words is None or index <= after or not concerned:
            continue
        name, told = words
        data = {**told(event), "at": from_milliseconds(getattr(event, "at", seen.decision.at))}
        decision = seen.decision
        position = Position(seen.offset, index, decision.epoch, decision.seq)
        yield Announcement(position, name, data)


def _concerns(event: Any, agent: str, holders: Mapping[str, str | None]) -> bool:
    if isinstance(event, was.Queued | was.Stepped):
        return False
    named = getattr(event, "agent", None)
    if named is not None:
        return bool(named == agent)
    conversation = getattr(event, "conversation", None)
    return conversation is not None and holders.get(conversation, agent) == agent


def _follow(event: Any, holders: dict[str, str | None]) -> None:
    """Within one decision a conversation may change hands."""
    if isinstance(event, was.Assigned):
        holders[event.conversation] = event.agent
    elif isinstance(event, was.Opened | was.Released | was.Closed):
        holders[event.conversation] = None
