"""Verify, parse, drop duplicates, publish; only then is there an answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import structlog

from services.ingest import metrics
from services.ingest.dedupe import Seen
from services.ingest.once import Once
from services.ingest.records import Draft, Recorder
from services.ingest.spool import Spool
from services.ingest.waiting import WaitingRoom
from shared.channels import HttpReply, HttpRequest, Item, OneTime, Skipped, SpeaksWait
from shared.channels.account import AccountSettings
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.errors import LogUnavailable
from shared.log import MAX_APPEND_BYTES, Partition, Sink, weight

log = structlog.get_logger()

Receive = Callable[[AccountSettings, HttpRequest], Awaitable[HttpReply]]
"""Take a delivery for an account, whatever it came by. The reply means: it is in the log (or in the
spool). Raises LogUnavailable when it was not taken, SignatureInvalid or PayloadInvalid."""

Parse = Callable[[AccountSettings, HttpRequest, datetime], Awaitable[Sequence[Item]]]
"""`Channel.parse`, done in another process."""

# Whether a channel has an optional power is asked once: of a protocol that is not cheap.
_ONE_TIME = {name: each for name, each in CHANNELS.items() if isinstance(each, OneTime)}
_SPEAK_WAIT = {name: each for name, each in CHANNELS.items() if isinstance(each, SpeaksWait)}


class Receiver:
    """Takes requests for all channels. `parsers` read what must not be read in this process."""

    def __init__(
        self,
        recorder: Recorder,
        seen: Seen,
        sink: Sink,
        spool: Spool,
        waiting: WaitingRoom,
        clock: Clock,
        parsers: Mapping[str, Parse] = MappingProxyType({}),
    ) -> None:
        self.recorder = recorder
        self._waiting = waiting
        self._seen = seen
        self._sink = sink
        self._spool = spool
        self._clock = clock
        self._parsers = parsers
        self._once = Once(seen)
        self._under_way: dict[str, asyncio.Event] = {}

    async def receive(self, account: AccountSettings, request: HttpRequest) -> HttpReply:
        """`Receive`, for every channel."""
        channel = CHANNELS[account.channel]
        now = self._clock.now()
        secret = channel.verify(request, account, now)
        metrics.signed_with(account.channel, secret).inc()
        one_time = _ONE_TIME.get(account.channel)
        token = one_time.one_time(request, account) if one_time else None
        async with self._once.taking(account.name, token) as first:
            items = await self._parse(account, request, now) if first else []
            await self._publish_items(account, items, now)
        if speaker := _SPEAK_WAIT.get(account.channel):
            wait = await self._waiting.facts(speaker, request, account)
            return speaker.acknowledge_waiting(request, account, items, wait)
        return channel.acknowledge(request, account, items)

    async def _parse(
        self, account: AccountSettings, request: HttpRequest, now: datetime
    ) -> Sequence[Item]:
        elsewhere = self._parsers.get(account.channel)
        if elsewhere is not None:
            return await elsewhere(account, request, now)
        return CHANNELS[account.channel].parse(request, account, now)

    async def _publish_items(
        self, account: AccountSettings, items: Sequence[Item], now: datetime
    ) -> None:
        drafts = [
            self.recorder.draft(account, item, now)
            for item in items
            if not isinstance(item, Skipped)
        ]
        if len(items) > len(drafts):
            metrics.items(account.channel, "skipped").inc(len(items) - len(drafts))
        redelivers = CHANNELS[account.channel].limits.redelivers
        await self.publish(account.channel, drafts, spool=not redelivers)

    async def publish(self, channel: str, drafts: Sequence[Draft], *, spool: bool) -> None:
        """Append what is new; with `spool`, on disk when the log is away.

        Raises LogUnavailable when something could not be kept.
        """
        unique = {draft.id: draft for draft in drafts}
        await self._turn(unique)
        done = asyncio.Event()
        self._under_way.update(dict.fromkeys(unique, done))
        try:
            fresh = await self._fresh(channel, unique, spool=spool)
            await self._append(channel, fresh, spool=spool)
        finally:
            done.set()
            for event_id in unique:
                self._under_way.pop(event_id, None)

    async def _turn(self, ids: dict[str, Draft]) -> None:
        """Wait while the same id is being published by another request."""
        while busy := [self._under_way[i] for i in ids if i in self._under_way]:
            await busy[0].wait()

    async def _fresh(self, channel: str, unique: dict[str, Draft], *, spool: bool) -> list[Draft]:
        try:
            seen = await self._seen.among(list(unique))
        except LogUnavailable:
            if not spool:
                raise
            seen = frozenset()
        if seen:
            metrics.items(channel, "duplicate").inc(len(seen))
        return [draft for draft in unique.values() if draft.id not in seen]

    async def _append(self, channel: str, drafts: Sequence[Draft], *, spool: bool) -> None:
        if not drafts:
            return
        if spool and self._spool.busy:
            await self._keep(channel, drafts)  # behind what already waits: order
            return
        failed = await self._published(channel, in_batches(drafts))
        if failed:
            self._seen.doubt()
            await self._not_in_the_log(channel, failed, spool=spool)

    async def _published(self, channel: str, batches: Sequence[list[Draft]]) -> list[Draft]:
        """Append batches at the same time; what the log did not confirm is returned."""
        if len(batches) == 1:  # nearly always, and a task costs as much as a message
            return await self._append_batch(channel, batches[0])
        appends = [self._append_batch(channel, batch) for batch in batches]
        failed: list[Draft] = []
        for result in await asyncio.gather(*appends, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
            failed += result
        return failed

    async def _append_batch(self, channel: str, batch: list[Draft]) -> list[Draft]:
        try:
            await self._sink.append_batch(batch[0].partition, [draft.entry for draft in batch])
        except LogUnavailable:
            return batch
        await self._seen.mark([draft.id for draft in batch])
        for name, count in Counter(draft.result for draft in batch).items():
            metrics.items(channel, name).inc(count)
        return []

    async def _not_in_the_log(self, channel: str, drafts: list[Draft], *, spool: bool) -> None:
        if not spool:
            raise LogUnavailable("the log did not confirm in time")
        await self._keep(channel, drafts)

    async def _keep(self, channel: str, drafts: Sequence[Draft]) -> None:
        await self._spool.put(drafts)
        metrics.items(channel, "spooled").inc(len(drafts))
        log.warning("spooled", channel=channel, records=len(drafts))


def in_batches(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """The drafts by partition, in order, in batches the log takes whole."""
    batches: list[list[Draft]] = []
    open_: dict[Partition, list[Draft]] = {}
    sizes: dict[Partition, int] = {}
    for draft in drafts:
        place, size = draft.partition, weight([draft.entry])
        if place not in open_ or sizes[place] + size > MAX_APPEND_BYTES:
            open_[place], sizes[place] = [], 0
            batches.append(open_[place])
        open_[place].append(draft)
        sizes[place] += size
    return batches
