"""Two conversations of one customer become one, and one becomes two.

The merged one ends; its thread points at the one that remains, so what the customer writes there
joins it. Splitting it off again makes it what it was. Splitting messages off makes a new
conversation of them, which the thread goes on with.
"""

from services.router.engine import closing
from services.router.engine.acting import OTHERS, UNKNOWN, problem_of
from services.router.engine.placing import fill_all, place_one, requeue, reroute
from services.router.engine.presence import is_supervisor
from services.router.engine.state import Conversation
from services.router.engine.threads import ends_with, seen
from services.router.engine.turn import Turn
from services.router.engine.waits import receive
from shared.clock import milliseconds
from shared.events.commands import Merge, Split
from shared.events.routing import (
    Enriched,
    Merged,
    MovedEntry,
    Opened,
    Refused,
    SplitOff,
    Unmerged,
)
from shared.ids import derived_id

MOST_MERGED = 16
"""How many conversations may be merged into one."""

_ITSELF = Refused("invalid", "A conversation cannot be merged with itself.")
_QUESTION = Refused("conflict", "A question to a colleague is no conversation with a customer.")
_OTHER_ENDED = Refused("gone", "The other conversation has ended.")
_STRANGERS = Refused("conflict", "These are two different customers.")
_LIVE = Refused("conflict", "A call stays what it is: merge the other one into it.")
_FULL = Refused("conflict", "Too many conversations are merged into this one already.")
_NOT_MERGED = Refused("conflict", "That one is not merged into this conversation.")
_NOTHING = Refused("invalid", "Say which messages or which merged conversation to split off.")
_WROTE = Refused("conflict", "The customer has written again since.")
_NOT_LAST = Refused("invalid", "These are not the last messages of this conversation.")

_OWN = frozenset({"channel", "account", "call", "call_state", "menu", "owed", "callback", "wish"})
"""Attributes that say where a conversation itself stands: they never go to another one."""
_CALLS = frozenset({"started", "menu", "queued", "bridged"})


def merge(turn: Turn, command: Merge) -> None:
    """`other` ends and becomes part of `conversation`."""
    known = turn.workspace.conversations
    found, other = known.get(command.conversation), known.get(command.other)
    problem = problem_of(turn, command.actor, found)
    if found is None or other is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if other.merged_into == found.id:
        return turn.unchanged()
    wrong = _cannot_merge(turn, command.actor, found, other)
    if wrong is not None:
        return turn.refuse(wrong)
    agents = closing.end(turn, other, command.actor, "merged")
    turn.emit(Merged(found.id, other.id, command.actor, turn.now))
    learned = _unknown_of(found, other)
    if learned:
        turn.emit(Enriched(found.id, learned))
    moved = bool(learned) and reroute(turn, found)
    fill_all(turn, agents, others=moved)
    if moved:
        place_one(turn, found)
    return None


def split(turn: Turn, command: Split) -> None:
    """What was merged, or the last messages, become a conversation of their own."""
    found = turn.workspace.conversations.get(command.conversation)
    problem = problem_of(turn, command.actor, found)
    if found is None or problem is not None:
        return turn.refuse(problem or UNKNOWN)
    if command.merged is not None:
        return _unmerge(turn, command, found)
    if command.moved:
        return _split_off(turn, command, found)
    return turn.refuse(_NOTHING)


def _cannot_merge(
    turn: Turn, actor: str, found: Conversation, other: Conversation
) -> Refused | None:
    if other is found:
        return _ITSELF
    if found.consult_of is not None or other.consult_of is not None:
        return _QUESTION
    if other.status == "closed":
        return _OTHER_ENDED
    holder = other.agent if other.status == "held" else None
    if holder is not None and holder.name != actor and not is_supervisor(turn, actor):
        return OTHERS
    mine, theirs = found.attributes.get("customer"), other.attributes.get("customer")
    if mine and theirs and mine != theirs:
        return _STRANGERS
    calls = other.attributes.get("call_state") in _CALLS or other.attributes.get("owed") == "true"
    if calls:
        return _LIVE
    full = len(found.joined or ()) + len(other.joined or ()) >= MOST_MERGED
    return _FULL if full else None


def _unknown_of(found: Conversation, other: Conversation) -> dict[str, str]:
    return {
        name: value
        for name, value in other.attributes.items()
        if name not in found.attributes and name not in _OWN
    }


def _unmerge(turn: Turn, command: Split, found: Conversation) -> None:
    other = turn.workspace.conversations.get(command.merged or "")
    if other is None:
        return turn.refuse(UNKNOWN)
    if other.id not in (found.joined or {}):
        again = other.merged_into is None and other.status != "closed"
        return turn.unchanged() if again else turn.refuse(_NOT_MERGED)
    turn.emit(Unmerged(found.id, other.id, command.actor, turn.now))
    requeue(turn, other, "split")
    return place_one(turn, other)


def _split_off(turn: Turn, command: Split, found: Conversation) -> None:
    workspace, key = turn.workspace, found.spoke or found.key
    first = command.moved[0]
    new = derived_id("cnv", workspace.name, "split", found.id, first.ref)
    if new in workspace.conversations:
        return turn.unchanged()
    refs = [entry.ref for entry in command.moved]
    thread = workspace.threads[key]
    if thread.last is not found or not ends_with(thread, refs):
        wrote = thread.last is found and all(seen(thread, ref) for ref in refs)
        return turn.refuse(_WROTE if wrote else _NOT_LAST)
    turn.emit(_opened(turn, command, found, new, key))
    moved = [MovedEntry(e.ref, e.action, milliseconds(e.at)) for e in command.moved]
    turn.emit(SplitOff(found.id, new, moved, command.actor, turn.now))
    return receive(turn, workspace.conversations[new])


def _opened(turn: Turn, command: Split, found: Conversation, new: str, key: str) -> Opened:
    kept = {name: value for name, value in found.attributes.items() if name not in _OWN}
    return Opened(
        conversation=new,
        key=key,
        channel=command.channel,
        account=command.account,
        address=command.address,
        customer=command.customer,
        attributes={**kept, "channel": command.channel, "account": command.account},
        at=min(milliseconds(command.moved[0].at), turn.now),
    )
