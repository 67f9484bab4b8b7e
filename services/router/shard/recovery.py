"""From the record to a state, and to the right to write on.

The last snapshot, then every valid decision after it. Then `ShardOwned` with the next epoch, and
everything that was still written before it. Whoever reads his own claim back as valid owns the
shard; from then on the next offset of its partition is his.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from services.router.engine.decide import replay
from services.router.engine.restore import resume
from services.router.engine.state import State
from services.router.shard.collector import COLLECTOR
from services.router.shard.decisions import Line
from services.router.shard.photographer import conversations
from services.router.shard.snapshots import restored, stored_snapshots
from shared.errors import OwnershipLost, RecordIncomplete, Undecodable
from shared.events.routing import ShardOwned
from shared.log import Log, Partition, Record, Sink, Source
from shared.record import Fence, Standing
from shared.topics import ROUTING

_LOG = structlog.get_logger(__name__)
_DECODER = ROUTING.decoder()
_AT_ONCE = 200


@dataclass(slots=True)
class Recovered:
    """A shard as the record has it up to before `position`. `slot` is the snapshot to overwrite."""

    state: State
    line: Line
    fence: Fence
    position: int
    slot: int = 0


async def own(log: Log, sink: Sink, shard: int, instance: str, now: int) -> Recovered:
    """Rebuild the shard and claim it. Its state is then ours to change.

    Raises OwnershipLost when somebody else claimed it at the same time, and LogUnavailable: in
    both cases begin anew. Raises RecordIncomplete when what is retained does not lead to a state.
    """
    with COLLECTOR.paused():
        found = await _rebuild_and_claim(log, sink, shard, instance, now)
        COLLECTOR.keep(conversations(found.state))
    resume(found.state)
    return found


async def look(log: Log, shard: int) -> Recovered:
    """Rebuild the shard as of now, for somebody who only looks on.

    Raises LogUnavailable, and RecordIncomplete when what is retained does not lead to a state.
    """
    partition = Partition(ROUTING.name, shard)
    found = await _last_snapshot(log, shard)
    begin, end = (await log.bounds([partition]))[partition]
    if found.position < begin:
        raise RecordIncomplete(f"{partition}: {found.position} to {begin} are gone")
    async with log.read({partition: found.position}) as source:
        await _follow(found, source, end)
    resume(found.state)
    return found


async def _rebuild_and_claim(
    log: Log, sink: Sink, shard: int, instance: str, now: int
) -> Recovered:
    partition = Partition(ROUTING.name, shard)
    found = await _last_snapshot(log, shard)
    begin, end = (await log.bounds([partition]))[partition]
    if found.position < begin:
        raise RecordIncomplete(f"{partition}: {found.position} to {begin} are gone")
    async with log.read({partition: found.position}) as source:
        await _follow(found, source, end)
        epoch = found.fence.standing.epoch + 1
        claim = await sink.append(partition, found.line.owned(epoch, instance, now))
        await _follow(found, source, claim)
        if not await _is_ours(found, source, claim, epoch, instance):
            raise OwnershipLost(f"shard {shard} was claimed by another instance")
    found.line.epoch = epoch
    return found


async def _last_snapshot(log: Log, shard: int) -> Recovered:
    async with aclosing(stored_snapshots(log, shard)) as found:
        async for stored in found:
            state = await restored(log, stored)
            if state is not None:
                head = stored.head
                line = Line(shard, head.epoch, head.seq, head.inbound, head.commands)
                fence = Fence(Standing(head.epoch, head.seq))
                return Recovered(state, line, fence, head.position, slot=1 - stored.slot)
    return Recovered(State(shard), Line(shard), Fence(), 0)


async def _follow(found: Recovered, source: Source, end: int) -> None:
    """Apply everything before `end`."""
    while found.position < end:
        for record in await source.poll(limit=min(_AT_ONCE, end - found.position)):
            _apply(found, record)
        await asyncio.sleep(0)


async def _is_ours(found: Recovered, source: Source, claim: int, epoch: int, instance: str) -> bool:
    """Read our claim back: is it the first one of its epoch?"""
    while found.position <= claim:
        for record in await source.poll(limit=1):
            data = _DECODER.decode(record.value).data
            found.position = record.offset + 1
            if not isinstance(data, ShardOwned) or not found.fence.admits(data):
                return False
            return (data.epoch, data.instance) == (epoch, instance)
    return False


def _apply(found: Recovered, record: Record) -> None:
    """Fold one record. What cannot be read is no decision of ours: it cannot have counted."""
    found.position = record.offset + 1
    try:
        data = _DECODER.decode(record.value).data
    except Undecodable as error:
        _LOG.error("record_undecodable", offset=record.offset, reason=str(error))
        return
    if not found.fence.admits(data) or isinstance(data, ShardOwned):
        return
    replay(found.state, data.workspace, data.at, data.cause, data.events)
    line = found.line
    line.seq, line.inbound, line.commands = data.seq, data.inbound, data.commands
