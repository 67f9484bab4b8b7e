"""Why a conversation is where it is, from the record alone: every decision about it, told again.

The state before each decision is rebuilt from a snapshot that is older than the conversation, or
from the record's beginning. Where neither is left, what the record still says is told without
what it was decided between.
"""

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from services.router.engine.decide import replay
from services.router.engine.explain import Explanation, explain
from services.router.engine.retelling import Reason, retell, retell_blindly
from services.router.engine.state import State
from services.router.shard.snapshots import Stored, restored, stored_snapshots
from shared.errors import Undecodable
from shared.events.routing import Decision
from shared.log import Log, Partition, Record
from shared.record import Fence, Standing, standing_at
from shared.topics import ROUTING

_DECODER = ROUTING.decoder()


@dataclass(frozen=True, slots=True)
class Retrospect:
    """Every decision about one conversation, in order, and where it stands `now` (None: nobody
    knows it any more).

    `whole` says that its record is still there from the beginning; `weighed` that every decision
    could be told with what it was decided between.
    """

    shard: int
    workspace: str
    conversation: str
    reasons: tuple[Reason, ...]
    now: Explanation | None
    whole: bool
    weighed: bool


@dataclass(slots=True)
class _Telling:
    """How far the record is told. `later` is a snapshot taken after the conversation began."""

    conversation: str
    state: State | None
    fence: Fence
    position: int
    later: Stored | None = None
    workspace: str = ""
    whole: bool = False
    weighed: bool = True
    reasons: list[Reason] = field(default_factory=list)


async def first_mention(
    log: Log, shards: Iterable[int], conversation: str
) -> tuple[int, int] | None:
    """The shard and the offset of the first record that names it. Raises LogUnavailable."""
    wanted = f'"{conversation}"'.encode()
    for shard in shards:
        partition = Partition(ROUTING.name, shard)
        begin, end = (await log.bounds([partition]))[partition]
        async with log.read({partition: begin}) as source:
            while begin < end:
                for record in await source.poll():
                    begin = record.offset + 1
                    if wanted in record.value:
                        return shard, record.offset
    return None


async def look_back(log: Log, shard: int, first: int, conversation: str, now: int) -> Retrospect:
    """Tell everything about a conversation that was first mentioned at the offset `first`.

    Raises LogUnavailable.
    """
    partition = Partition(ROUTING.name, shard)
    begin, end = (await log.bounds([partition]))[partition]
    telling = await _begin(log, shard, max(first, begin), begin, conversation)
    async with log.read({partition: telling.position}) as source:
        while telling.position < end:
            for record in await source.poll():
                await _tell(log, telling, record)
    state = telling.state
    return Retrospect(
        shard=shard,
        workspace=telling.workspace,
        conversation=conversation,
        reasons=tuple(telling.reasons),
        now=None if state is None else explain(state, telling.workspace, conversation, now),
        whole=telling.whole,
        weighed=telling.weighed,
    )


async def _begin(log: Log, shard: int, first: int, begin: int, conversation: str) -> _Telling:
    """At the newest state that is older than the conversation; without one, at its first record."""
    later: Stored | None = None
    async with aclosing(stored_snapshots(log, shard)) as found:
        async for stored in found:
            if stored.head.position > first:
                later = stored
                continue
            state = await restored(log, stored)
            if state is not None and stored.head.position >= begin:
                head = stored.head
                fence = Fence(Standing(head.epoch, head.seq))
                return _Telling(conversation, state, fence, head.position)
    if begin == 0:
        return _Telling(conversation, State(shard), Fence(), 0)
    return _Telling(conversation, None, Fence(standing_at(first)), first, later)


async def _tell(log: Log, telling: _Telling, record: Record) -> None:
    telling.position = record.offset + 1
    later = telling.later
    if telling.state is None and later is not None and record.offset >= later.head.position:
        telling.state, telling.later = await restored(log, later), None
    decision = _valid(telling.fence, record)
    if decision is None:
        return
    wanted = telling.conversation.encode() in record.value
    if not wanted and telling.state is not None:
        replay(telling.state, decision.workspace, decision.at, decision.cause, decision.events)
    elif wanted:
        _tell_decision(telling, decision, record.offset)


def _tell_decision(telling: _Telling, decision: Decision, offset: int) -> None:
    if telling.state is None:
        told = retell_blindly(decision, offset, telling.conversation)
        telling.weighed = telling.weighed and not told
    else:
        told = retell(telling.state, decision, offset, telling.conversation)
    if told and not telling.reasons:
        telling.workspace = decision.workspace
        telling.whole = told[0].event == "opened"
    telling.reasons += told


def _valid(fence: Fence, record: Record) -> Decision | None:
    try:
        data = _DECODER.decode(record.value).data
    except Undecodable:
        return None
    if not fence.admits(data):
        return None
    return data if isinstance(data, Decision) else None
