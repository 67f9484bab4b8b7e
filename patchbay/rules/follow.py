"""Follow a running Patchbay's record, and what led to it, for a shadow. Reads, never writes."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from patchbay.rules.shadow import Shadow
from services.router.shard.recovery import look
from shared.clock import Clock, milliseconds
from shared.errors import Undecodable
from shared.events.routing import Decision
from shared.ids import shard_of
from shared.log import Log, Partition, Record, Source
from shared.record import Fence
from shared.rules import Rules
from shared.topics import COMMANDS_TOPIC, INBOUND, ROUTING

_LOG = structlog.get_logger(__name__)
_DECODERS = {topic.name: topic.decoder() for topic in (INBOUND, COMMANDS_TOPIC, ROUTING)}
_WAIT_SECONDS = 0.2


class Inputs:
    """The inputs of one shard, read as far as decisions have come."""

    def __init__(self, source: Source, positions: dict[Partition, int]) -> None:
        self._source = source
        self._next = positions
        self._read: dict[Partition, list[Record]] = {partition: [] for partition in positions}

    async def until(self, ends: dict[Partition, int]) -> list[tuple[str, Any]]:
        """Everything before these offsets that was not given yet, with the inputs' ids."""
        found: list[tuple[str, Any]] = []
        for partition, end in ends.items():
            while self._next[partition] < end:
                for record in await self._source.poll(wait=_WAIT_SECONDS):
                    self._read[record.partition].append(record)
                    self._next[record.partition] = record.offset + 1
            mine = self._read[partition]
            given = [record for record in mine if record.offset < end]
            self._read[partition] = mine[len(given) :]
            found += [decoded for record in given if (decoded := _decoded(record)) is not None]
        return found


def _decoded(record: Record) -> tuple[str, Any] | None:
    try:
        envelope = _DECODERS[record.partition.topic].decode(record.value)
    except Undecodable:
        return None  # the engine buried it
    return envelope.id, envelope.data


class Follower:
    """Feeds a shadow from the log until told to stop."""

    def __init__(self, log: Log, clock: Clock, shards: int, workspace: str, rules: Rules) -> None:
        self._log = log
        self._clock = clock
        self._shard = shard_of(workspace, shards)
        self._workspace = workspace
        self._rules = rules

    async def run(self, stop: asyncio.Event, ready: Callable[[Shadow], None]) -> None:
        """Build the state, tell that it is `ready`, and follow.

        Raises LogUnavailable, and RecordIncomplete where no state can be built.
        """
        found = await look(self._log, self._shard)
        shadow = Shadow(found.state, self._workspace, self._rules, self._now())
        ready(shadow)
        ends = (found.line.inbound, found.line.commands)
        positions = dict(zip(self._partitions(), ends, strict=True))
        routing = Partition(ROUTING.name, self._shard)
        async with (
            self._log.read(dict(positions)) as inputs,
            self._log.read({routing: found.position}) as record,
        ):
            read = Inputs(inputs, positions)
            while not stop.is_set():
                records = await record.poll(wait=_WAIT_SECONDS)
                for one in records:
                    await self._take(one, found.fence, read, shadow)
                if not records:
                    shadow.elapse(self._now())

    async def _take(self, record: Record, fence: Fence, read: Inputs, shadow: Shadow) -> None:
        try:
            data = _DECODERS[ROUTING.name].decode(record.value).data
        except Undecodable as error:
            _LOG.warning("record_undecodable", offset=record.offset, reason=str(error))
            return
        if fence.admits(data) and isinstance(data, Decision):
            ends = dict(zip(self._partitions(), (data.inbound, data.commands), strict=True))
            shadow.decided(data, await read.until(ends))

    def _partitions(self) -> tuple[Partition, Partition]:
        return (Partition(INBOUND.name, self._shard), Partition(COMMANDS_TOPIC.name, self._shard))

    def _now(self) -> int:
        return milliseconds(self._clock.now())
