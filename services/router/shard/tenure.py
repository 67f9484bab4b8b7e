"""One term of owning a shard: from a fresh state to the first doubt about it."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from services.router.engine.state import State
from services.router.engine.timers import Timer
from services.router.metrics import (
    ENGINE_DECISION_SECONDS,
    ENGINE_RULES_IGNORED,
    ENGINE_RULES_REFUSED,
    engine_inputs,
)
from services.router.settings import EngineSettings
from services.router.shard.appender import Appender
from services.router.shard.decider import Decider
from services.router.shard.inbox import Inbox
from services.router.shard.photographer import Photographer
from services.router.shard.recovery import Recovered
from shared.clock import Clock, milliseconds
from shared.dead_letters import DeadLetters
from shared.errors import PatchbayError, RecordTooLarge, Undecodable
from shared.log import Entry, Log, Partition, Record, Sink
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, rules_size
from shared.strikes import Strikes, Untracked, Watch
from shared.topics import ROUTING

_LOG = structlog.get_logger(__name__)

_DETAIL = 200
_MOST_BUGS = 3
_PIECE_SECONDS = 0.015
_LEAST_BITE = 1

Condemned = dict[tuple[Partition, int], str]
"""Inputs that cannot be decided on, and why."""


class Dropped(PatchbayError):
    """A decision went wrong half-way: the state is not to be trusted any more."""

    code, retryable = "bug", True


@dataclass(frozen=True)
class Workshop:
    """What all owners of a process share."""

    log: Log
    sink: Sink
    clock: Clock
    dead_letters: DeadLetters
    instance: str


@dataclass
class Docket:
    """What outlives a term of one shard.

    `news` is set when there may be something to do, `left` when nothing more may be decided.
    `acknowledged` is up to where inputs were decided on for good, `bugs` how often an input or a
    timer has broken the engine.
    """

    inbox: Inbox
    strikes: Strikes | Untracked
    news: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: dict[Partition, int] = field(default_factory=dict)
    condemned: Condemned = field(default_factory=dict)
    bugs: Counter[object] = field(default_factory=Counter)


class Tenure:
    """Decides in rounds on what is in the inbox and on what time has brought."""

    def __init__(
        self,
        found: Recovered,
        workshop: Workshop,
        settings: EngineSettings,
        docket: Docket,
        watches: Mapping[Partition, Watch],
    ) -> None:
        self.state: State = found.state
        self._clock = workshop.clock
        self._dead_letters = workshop.dead_letters
        self._settings = settings
        self._docket = docket
        self._watches = watches
        self._bite = settings.batch
        line = self._line = found.line
        self._decider = Decider(self.state, line, lambda: milliseconds(self._clock.now()))
        self._appender = Appender(
            workshop.sink,
            Partition(ROUTING.name, line.shard),
            found.position,
            settings.window,
            docket.news.set,
        )
        self._photographer = Photographer(
            workshop.sink,
            self._clock,
            found.slot,
            line.seq,
            settings.snapshot_decisions,
            settings.snapshot_seconds,
            docket.news.set,
        )

    def configure(self, rules: Mapping[str, Rules]) -> None:
        """Apply what the configuration says of the shard's workspaces, where it is new.

        Rules that were in force before are not: what was applied since must not be undone.
        """
        entries = []
        for workspace, its_rules in sorted(rules.items()):
            if rules_size(its_rules) > MOST_RULES:
                ENGINE_RULES_REFUSED.inc()
                _LOG.error("rules_too_large", workspace=workspace, most=MOST_RULES)
                continue
            entry = self._decider.configure(workspace, its_rules)
            if entry is not None:
                entries.append(entry)
            elif (version := self._decider.ignores(workspace, its_rules)) is not None:
                ENGINE_RULES_IGNORED.inc()
                _LOG.warning("rules_file_not_in_force", workspace=workspace, in_force=version)
        self._hand_over(entries, [])

    async def round(self) -> None:
        """Wait until there is something to do, and do some of it.

        Raises OwnershipLost, LogUnavailable or Dropped when this term is over, and
        TooManyDeadLetters.
        """
        await self._wait()
        if self._appender.failure is not None:
            raise self._appender.failure
        if self._appender.has_room and not self._docket.left.is_set():
            began = self._clock.monotonic()
            decided = await self._decide_on_inputs() + self._decide_on_timers()
            self._decider.count()
            self._bite = self._fitting(decided, self._clock.monotonic() - began)
        position, acknowledged = self._appender.handed_over, self._appender.acknowledged
        self._photographer.look(self.state, self._line, position, acknowledged)
        await asyncio.sleep(0)

    async def finish(self) -> None:
        """Wait for what is under way, and leave a snapshot for the next owner."""
        await self._appender.drain()
        if self._appender.failure is None:
            line, position = self._line, self._appender.acknowledged
            await self._photographer.last(self.state, line, position)

    async def _wait(self) -> None:
        """Until records come, an append is answered, a timer or a snapshot is due."""
        has_room = self._appender.has_room
        if self._photographer.busy or (has_room and len(self._docket.inbox)):
            return
        delays = [self._photographer.seconds_to_next(self._line.seq)]
        delays += [self._decider.seconds_to_timer()] if has_room else []
        soonest = min((delay for delay in delays if delay is not None), default=None)
        if soonest == 0:
            return
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._docket.news.wait())]
        if soonest is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep(soonest)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._docket.news.clear()
            for wait in waits:
                wait.cancel()

    def _fitting(self, decided: int, seconds: float) -> int:
        """How much to decide on at once, when so many took so long: else nobody gets a turn."""
        if not decided or seconds <= 0:
            return self._bite
        return max(_LEAST_BITE, min(int(decided * _PIECE_SECONDS / seconds), self._settings.batch))

    async def _decide_on_inputs(self) -> int:
        entries: list[Entry] = []
        received: list[float] = []
        taken = self._docket.inbox.take(self._bite)
        for record, at in taken:
            reason = self._why_not(record)
            if reason is None:
                try:
                    entry = await self._decide(record)
                except Undecodable as error:
                    reason, detail = error.code, str(error)[:_DETAIL]
                else:
                    self._dead_letters.passed()
                    if entry is not None:
                        entries.append(entry)
                        received.append(at)
                    continue
            else:
                detail = "it could not be decided on, again and again"
            # What comes after it must not be acknowledged before it is buried.
            self._hand_over(entries, received)
            entries, received = [], []
            await self._bury(record, reason, detail)
        self._hand_over(entries, received)
        return len(taken)

    async def _decide(self, record: Record) -> Entry | None:
        """Raises Undecodable, or Dropped when the engine failed."""
        partition, offset = record.partition, record.offset
        careful = self._watches[partition].careful(offset)
        if careful:
            await self._docket.strikes.strike(partition, offset)
        try:
            entry = self._decider.decide(record)
        except Undecodable:
            raise
        except RecordTooLarge as error:
            self._docket.condemned[partition, offset] = error.code
            raise Dropped(str(error)) from error
        except Exception as error:
            where = f"{partition.topic}/{partition.number}/{offset}"
            _LOG.error("engine_bug", input=where, stack=traceback.format_exc())
            await self._docket.strikes.strike(partition, offset)
            self._docket.bugs[partition, offset] += 1
            raise Dropped(type(error).__name__) from error
        if careful:
            await self._docket.strikes.survived(partition, offset)
        return entry

    def _why_not(self, record: Record) -> str | None:
        """Why the record must be buried without a look; None if it need not be."""
        place = (record.partition, record.offset)
        if self._docket.bugs[place] >= _MOST_BUGS or self._watches[place[0]].condemned(place[1]):
            return "bug"
        return self._docket.condemned.get(place)

    async def _bury(self, record: Record, reason: str, detail: str) -> None:
        await self._dead_letters.bury(record, reason, detail)
        await self._docket.strikes.survived(record.partition, record.offset)
        self._decider.passed(record)
        engine_inputs(record.partition.topic, "buried").inc()

    def _decide_on_timers(self) -> int:
        entries, due = [], self._decider.due(self._bite)
        for timer in due:
            if self._docket.bugs[timer] >= _MOST_BUGS:
                continue
            entry = self._elapsed(timer)
            if entry is not None:
                entries.append(entry)
        self._hand_over(entries, [])
        return len(due)

    def _elapsed(self, timer: Timer) -> Entry | None:
        try:
            return self._decider.elapsed(timer)
        except Exception as error:
            where = f"{timer.kind} in {timer.workspace}"
            _LOG.error("engine_bug", timer=where, stack=traceback.format_exc())
            self._docket.bugs[timer] += 1
            raise Dropped(type(error).__name__) from error

    def _hand_over(self, entries: list[Entry], received: list[float]) -> None:
        positions = dict(zip(self._watches, (self._line.inbound, self._line.commands), strict=True))
        if entries:
            self._appender.append(entries, partial(self._true, positions, received))
        elif self._appender.idle:
            self._docket.acknowledged.update(positions)

    def _true(self, positions: Mapping[Partition, int], received: list[float]) -> None:
        """The decisions up to these positions are in the record."""
        self._docket.acknowledged.update(positions)
        now = self._clock.monotonic()
        for at in received:
            ENGINE_DECISION_SECONDS.observe(now - at)
