"""Folds `inbound` and `preferences` into the contacts in Redis, and notices when Redis forgot.

The position up to which a partition has been folded stands in Redis beside what was folded: whoever
takes the partition over goes on from there, and an empty Redis says by itself that everything must
be read again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from redis.asyncio import Redis

from services.notifier import metrics
from services.notifier.contacts import (
    PREFIX,
    Touch,
    contact_key,
    fresh_key,
    touches,
    wished,
    wishes,
)
from services.notifier.preferences import PreferenceWriter
from shared.cache import asked
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable, LogUnavailable, OwnershipLost, Undecodable
from shared.events.inbound import CustomerEvent
from shared.log import Log, Partition, Record, Source
from shared.topics import INBOUND, PREFERENCES
from shared.watchdog import Progress

log = structlog.get_logger()

GROUP = "notifier-contacts"
_DECODERS = {INBOUND.name: INBOUND.decoder(), PREFERENCES.name: PREFERENCES.decoder()}
_KEEP_SECONDS = 60 * 86_400
_FRESH_SECONDS = 120
_CHECK_SECONDS = 1.0
_AGAIN_SECONDS = 1.0

_LATEST = """
local news = false
for i = 3, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
  if tonumber(ARGV[i + 1]) > known then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    news = true
  end
end
if news and ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'language', ARGV[2]) end
local stop = redis.call('HMGET', KEYS[1], 'stop:all', 'stop:marketing')
if stop[1] or stop[2] then redis.call('PERSIST', KEYS[1])
else redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return 1
"""
"""Each field becomes the later of what is there and what is given. Who wants nothing is kept."""


class ContactsIndex:
    """One member of the group that keeps the index."""

    def __init__(
        self,
        log: Log,
        redis: "Redis",
        clock: Clock,
        preferences: PreferenceWriter,
        progress: Progress,
    ) -> None:
        self._log = log
        self._redis = redis
        self._clock = clock
        self._preferences = preferences
        self._progress = progress
        self._next: dict[Partition, int] = {}
        self._goal: dict[int, tuple[int, dict[Partition, int]]] = {}
        self._check_due = clock.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the index until `stop` is set. While Redis or the log is away it waits."""
        async with self._log.subscribe(GROUP, [INBOUND.name, PREFERENCES.name]) as source:
            while not stop.is_set():
                try:
                    await self._round(source)
                except (CacheUnavailable, LogUnavailable) as error:
                    metrics.CONTACTS_FRESH.set(0)
                    self._next.clear()  # ask Redis again how far it got
                    log.warning("contacts_index_waits", error=error.code, reason=str(error))
                    await self._clock.sleep(_AGAIN_SECONDS)

    async def _round(self, source: Source) -> None:
        records = await source.poll()
        self._progress.polled(source.assignment)
        entered = await self._follow(source)
        await self._fold([record for record in records if record.partition not in entered])
        if self._clock.monotonic() >= self._check_due:
            self._check_due = self._clock.monotonic() + _CHECK_SECONDS
            await self._check(source)
        await self._tell_fresh()

    async def _follow(self, source: Source) -> frozenset[Partition]:
        """Begin with new partitions where Redis says; forget those that moved."""
        for partition in self._next.keys() - source.assignment:
            del self._next[partition]
            self._progress.released([partition])
            self._goal = {}
        entered = source.assignment - self._next.keys()
        for partition in entered:
            position = int(await asked(self._redis.get(_position_key(partition))) or 0)
            self._next[partition] = position
            self._goal = {}
            self._check_due = self._clock.monotonic()
            source.seek({partition: position})
        return entered

    async def _fold(self, records: Sequence[Record]) -> None:
        merged: dict[str, Touch] = {}
        reached: dict[Partition, int] = {}
        for record in records:
            expected = reached.get(record.partition, self._next.get(record.partition))
            if expected is None or record.offset < expected:
                continue
            reached[record.partition] = record.offset + 1
            self._progress.received(record.partition, record.offset)
            for touch in await self._read(record):
                merged[touch.contact] = _merged(merged.get(touch.contact), touch)
        if reached:
            await self._store(list(merged.values()), reached)
            self._next.update(reached)

    async def _read(self, record: Record) -> list[Touch]:
        try:
            event = _DECODERS[record.partition.topic].decode(record.value).data
        except Undecodable:
            metrics.SKIPPED.labels(record.partition.topic).inc()  # buried by who answers for it
            return []
        if not isinstance(event, CustomerEvent):
            return [Touch(event.contact, wished(event))]
        for wish in wishes(event):
            await self._preferences.write(wish)
        return touches(event)

    async def _store(self, merged: Sequence[Touch], reached: Mapping[Partition, int]) -> None:
        """First what was learned, then how far: a crash between the two repeats it."""
        for touch in merged:
            pairs = [str(value) for pair in touch.fields.items() for value in pair]
            arguments = [str(_KEEP_SECONDS), touch.language or "", *pairs]
            await asked(self._redis.eval(_LATEST, 1, contact_key(touch.contact), *arguments))
        await asked(self._redis.mset({_position_key(p): at for p, at in reached.items()}))

    async def _check(self, source: Source) -> None:
        """Has Redis forgotten anything, and how far must we read to know all there is now?"""
        now = self._clock.now()
        partitions = list(self._next)
        if not partitions:
            return
        bounds = await self._log.bounds(partitions)
        stored = await asked(self._redis.mget([_position_key(p) for p in partitions]))
        for partition, value in zip(partitions, stored, strict=True):
            first, end = bounds[partition]
            position = int(value or 0)
            if position < self._next[partition]:
                log.warning("contacts_rebuilding", topic=partition.topic, n=partition.number)
                source.seek({partition: position})
                self._next[partition] = position
            if self._next[partition] < first == end:  # everything there was is too old to be kept
                await self._store([], {partition: end})
                self._next[partition] = end
        for number in {partition.number for partition in partitions} - self._goal.keys():
            pair = [Partition(topic, number) for topic in _DECODERS]
            if bounds.keys() >= set(pair):
                goal = {partition: bounds[partition][1] for partition in pair}
                self._goal[number] = (milliseconds(now), goal)
        with suppress(OwnershipLost, LogUnavailable):  # the position that counts is in Redis
            await source.commit(self._next)

    async def _tell_fresh(self) -> None:
        """Partitions that have been read up to where they ended a moment ago are complete."""
        for number, (moment, goal) in list(self._goal.items()):
            if all(self._next.get(partition, -1) >= end for partition, end in goal.items()):
                del self._goal[number]
                await asked(self._redis.set(fresh_key(number), moment, ex=_FRESH_SECONDS))
        metrics.CONTACTS_FRESH.set(not self._goal)


def _position_key(partition: Partition) -> str:
    return f"{PREFIX}:at:{partition.topic}:{partition.number}"


def _merged(known: Touch | None, touch: Touch) -> Touch:
    if known is None:
        return touch
    names = known.fields.keys() | touch.fields.keys()
    fields = {name: max(known.fields.get(name, 0), touch.fields.get(name, 0)) for name in names}
    return Touch(touch.contact, fields, touch.language or known.language)
