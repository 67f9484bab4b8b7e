"""The shards this process owns: one group member reads for all of them."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from inspect import isfunction
from typing import Literal

import structlog

from services.router.engine.decide import decide
from services.router.metrics import ENGINE_INFO, ENGINE_SHARDS
from services.router.settings import EngineSettings
from services.router.shard.collector import COLLECTOR
from services.router.shard.gauges import measure
from services.router.shard.owner import Owner
from services.router.shard.photographer import conversations
from services.router.shard.tenure import Workshop
from shared.config.models import Config
from shared.errors import LogUnavailable, OwnershipLost
from shared.ids import shard_of
from shared.log import Partition, Record, Source
from shared.rules import Rules
from shared.strikes import Strikes, Untracked
from shared.topics import COMMANDS_TOPIC, INBOUND
from shared.watchdog import Progress

_LOG = structlog.get_logger(__name__)

GROUP = "router"
INPUTS = (INBOUND.name, COMMANDS_TOPIC.name)

ENGINE: Literal["compiled", "interpreted"] = "interpreted" if isfunction(decide) else "compiled"
"""How the pure engine runs in this process (`make compile`)."""

_COMMIT_SECONDS = 1.0
_GAUGE_SECONDS = 5.0
_HANDOVER_SECONDS = 3.0


class Engine:
    """Follows what the group assigns: an owner per shard, from when it is given until it is taken.

    Where to go on is told by the record; what is committed to the group only spares reading.
    """

    def __init__(
        self,
        source: Source,
        workshop: Workshop,
        settings: EngineSettings,
        config: Config,
        shards: int,
        strikes: Strikes | Untracked,
        progress: Progress,
    ) -> None:
        self._source = source
        self._workshop = workshop
        self._settings = settings
        self._config = config
        self._shards = shards
        self._strikes = strikes
        self._progress = progress
        self._owners: dict[int, tuple[Owner, asyncio.Task[None]]] = {}
        self._committed: dict[Partition, int] = {}
        self._commit_at = self._gauge_at = workshop.clock.monotonic()

    @property
    def ready(self) -> bool:
        """Does it decide on every shard that it was given?"""
        return all(owner.standing == "owned" for owner, _ in self._owners.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Decide until `stop` is set; then finish what is under way. Raises TooManyDeadLetters."""
        ENGINE_INFO.labels(ENGINE).set(1)
        _LOG.info("engine_started", engine=ENGINE)
        with COLLECTOR.sparing():
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            try:
                while not stop.is_set():
                    await self._round(tasks)
            finally:
                await self._leave(list(self._owners), self._settings.drain_seconds)

    async def _round(self, tasks: asyncio.TaskGroup) -> None:
        clock = self._workshop.clock
        try:
            records = await self._source.poll()
        except LogUnavailable as error:
            _LOG.warning("poll_failed", reason=str(error))
            await clock.sleep(1.0)
            return
        await self._follow(tasks)
        self._progress.polled(self._source.assignment)
        self._distribute(records)
        now = clock.monotonic()
        if now - self._commit_at >= _COMMIT_SECONDS:
            self._commit_at = now
            await self._commit()
        if now - self._gauge_at >= _GAUGE_SECONDS:
            self._gauge_at = now
            self._measure()

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        """Own what is ours now, and nothing else."""
        given = {p.number for p in self._source.assignment if p.topic == INBOUND.name}
        given &= {p.number for p in self._source.assignment if p.topic == COMMANDS_TOPIC.name}
        await self._leave(self._owners.keys() - given, _HANDOVER_SECONDS)
        for shard in sorted(given - self._owners.keys()):
            rules = self._rules(shard)
            owner = Owner(
                shard, self._workshop, self._settings, rules, self._strikes, self._source.seek
            )
            task = tasks.create_task(owner.run(), name=f"shard-{shard}")
            self._owners[shard] = (owner, task)

    async def _leave(self, shards: Iterable[int], seconds: float) -> None:
        """Stop deciding on them at once; what was handed over gets a bounded time to be answered.

        Between two polls the partitions are still ours to commit.
        """
        leaving = [self._owners[shard] for shard in sorted(shards)]
        if not leaving:
            return
        for owner, _ in leaving:
            owner.leave()
        await asyncio.wait([task for _, task in leaving], timeout=seconds)
        await self._commit()
        for owner, task in leaving:
            task.cancel()
            self._progress.released(owner.inputs)
            del self._owners[owner.shard]

    def _distribute(self, records: Iterable[Record]) -> None:
        by_shard: dict[int, list[Record]] = {}
        last: dict[Partition, int] = {}
        for record in records:
            by_shard.setdefault(record.partition.number, []).append(record)
            last[record.partition] = record.offset
        for partition, offset in last.items():
            self._progress.received(partition, offset)
        at = self._workshop.clock.monotonic()
        for shard, its_records in by_shard.items():
            if shard in self._owners:
                self._owners[shard][0].put(its_records, at)

    async def _commit(self) -> None:
        positions: dict[Partition, int] = {}
        for owner, _ in self._owners.values():
            positions |= owner.committable()
        news = {p: at for p, at in positions.items() if self._committed.get(p) != at}
        if not news:
            return
        try:
            await self._source.commit(news)
        except (OwnershipLost, LogUnavailable) as error:
            _LOG.warning("commit_failed", reason=error.code)
        else:
            self._committed |= news

    def _rules(self, shard: int) -> dict[str, Rules]:
        return {
            name: workspace.rules
            for name, workspace in self._config.workspaces.items()
            if shard_of(name, self._shards) == shard
        }

    def _measure(self) -> None:
        standings = Counter(owner.standing for owner, _ in self._owners.values())
        for standing in ("owned", "recovering", "broken"):
            ENGINE_SHARDS.labels(standing).set(standings[standing])
        states = [state for owner, _ in self._owners.values() for state in owner.states()]
        COLLECTOR.know(sum(map(conversations, states)))
        measure(states)
