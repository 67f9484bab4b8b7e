"""Two conversations of one customer become one, and one becomes two."""

from typing import Any

from services.router.api import answered as out
from services.router.api.asked import MergeIn, SplitOffFrom
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Refusal
from shared.cache import asked
from shared.clock import from_milliseconds
from shared.events.commands import MOST_MOVED, Merge, Moved, Split
from shared.events.routing import SplitOff
from shared.views.documents import Conversation, CustomerEntry, entry_of
from shared.views.keys import Keys

_MOST_ENTRIES = 500
"""How far back the entry is looked for."""


async def merge(call: Call) -> Said:
    """The other one becomes a part of this one."""
    body: MergeIn = call.body
    caller, name = call.caller, call.path["conversation"]
    command = Merge(
        workspace=caller.workspace, actor=caller.agent, conversation=name, other=body.conversation
    )
    await call.parts.commands.ask(command, correlation(call))
    return Said(out.Changed(conversation=name))


async def split(call: Call) -> Said:
    """What was merged in, or the customer's last entries, become a conversation of their own."""
    body: SplitOffFrom = call.body
    caller, parts = call.caller, call.parts
    found = await parts.conversation(caller.workspace, call.path["conversation"])
    done = found.moved.get(body.entry or "")
    if done is not None:
        return Said(out.SplitInto(conversation=found.id, other=done))
    line = found.answered_on()
    command = Split(
        workspace=caller.workspace,
        actor=caller.agent,
        conversation=found.id,
        merged=body.merged,
        moved=() if body.entry is None else await _from_entry(call, found, body.entry),
        channel=line.channel,
        account=line.account,
        address=line.address,
        customer=line.customer,
    )
    decision = await parts.commands.ask(command, correlation(call))
    opened = [event.other for event in decision.events if isinstance(event, SplitOff)]
    return Said(out.SplitInto(conversation=found.id, other=body.merged or "".join(opened)))


async def _from_entry(call: Call, found: Conversation, entry: str) -> tuple[Moved, ...]:
    """The customer's entries from this one on. Raises Problem `invalid` where it is not there."""
    key = Keys(call.caller.workspace).timeline(found.id)
    members: Any = await asked(
        call.parts.redis.zrange(key, 0, _MOST_ENTRIES, desc=True, withscores=True)
    )
    said = [
        Moved(ref=one.ref, action=one.action, at=from_milliseconds(int(at)))
        for one, at in ((entry_of(member), at) for member, at in reversed(members))
        if isinstance(one, CustomerEntry) and one.ref not in found.moved
    ]
    refs = [one.ref for one in said]
    if entry not in refs:
        raise Refusal("invalid", "There is no such entry of the customer.", "/entry").problem()
    chosen = tuple(said[refs.index(entry) :])
    if len(chosen) > MOST_MOVED:
        detail = f"At most the customer's last {MOST_MOVED} entries can be split off."
        raise Refusal("invalid", detail, "/entry").problem()
    return chosen
