"""Senders whose messages open nothing: by the rules, or because a supervisor said so.

What they send is in the record, and joins a conversation that is open. A subject is a conversation
key, or the opaque name of an address (`CustomerEvent.sender`), whatever the account or thread.
"""

from services.router.engine import closing
from services.router.engine.attributes import of_event
from services.router.engine.presence import is_supervisor
from services.router.engine.turn import Turn
from shared.clock import milliseconds
from shared.events.commands import BlockSender, UnblockSender
from shared.events.inbound import CustomerEvent
from shared.events.routing import Ignored, Refused, SenderBlocked, SenderUnblocked
from shared.rules.conditions import holds

MOST = 10_000
"""How many senders may be blocked at once in one workspace."""

_NOT_YOU = Refused("forbidden", "Only a supervisor may do this.")
_PAST = Refused("invalid", "This time has passed.")
_FULL = Refused("conflict", "Too many senders are blocked: block them by a rule.")
_LIVE = frozenset({"started", "menu", "queued"})
_OPEN = frozenset({"open", "waiting", "offered", "dialling"})


def block(turn: Turn, command: BlockSender) -> None:
    """From now on he opens nothing. What of his nobody has taken yet is closed."""
    if not is_supervisor(turn, command.actor):
        return turn.refuse(_NOT_YOU)
    known = turn.workspace.blocked
    until = None if command.until is None else milliseconds(command.until)
    if until is not None and until <= turn.now:
        return turn.refuse(_PAST)
    found = known.get(command.subject)
    if found is not None and (found.until, found.reason) == (until, command.reason):
        return turn.unchanged()
    if found is None and len(known) >= MOST:
        return turn.refuse(_FULL)
    turn.emit(SenderBlocked(command.subject, command.actor, turn.now, until, command.reason))
    thread = turn.workspace.threads.get(command.subject)
    last = None if thread is None else thread.last
    if last is not None and last.status in _OPEN:
        closing.close(turn, last, command.actor, "blocked")
    return None


def unblock(turn: Turn, command: UnblockSender) -> None:
    """He may write to us again."""
    if not is_supervisor(turn, command.actor):
        return turn.refuse(_NOT_YOU)
    if command.subject not in turn.workspace.blocked:
        return turn.unchanged()
    return turn.emit(SenderUnblocked(command.subject, command.actor, turn.now))


def block_over(turn: Turn, subject: str, at: int) -> None:
    """Its time is over; one that was made longer since is not meant."""
    found = turn.workspace.blocked.get(subject)
    if found is not None and found.until is not None and found.until <= at:
        turn.emit(SenderUnblocked(subject, "system", turn.now))


def ignored(turn: Turn, event: CustomerEvent) -> bool:
    """Is the sender blocked? Then the record says that nothing came of this."""
    why = _blocked_by(turn, event)
    if why is None:
        return False
    call = event.action.call
    live = call is not None and call.state in _LIVE
    turn.emit(
        Ignored(
            event.conversation_key,
            event.id,
            why,
            turn.now,
            event.account if live else None,
            call.id if call is not None and live else None,
        )
    )
    return True


def _blocked_by(turn: Turn, event: CustomerEvent) -> str | None:
    known = turn.workspace.blocked
    if known:
        for subject in (event.conversation_key, event.sender):
            if subject in known:
                return subject
    rules = turn.workspace.rules.blocked
    if not rules:
        return None
    attributes = of_event(event)
    return next((f"rule:{rule.name}" for rule in rules if holds(rule.when, attributes)), None)
