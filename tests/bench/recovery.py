"""A shard with much waiting: its snapshot, its recovery, and whether the event loop stands still.

All of it is the owner's own code on real Kafka; only the waiting conversations are decided on
beforehand, because through Kafka a million would take minutes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import REGISTRY

from services.router.engine.decide import decide
from services.router.engine.dismantle import dismantle
from services.router.engine.state import State
from services.router.engine.turn import Context
from services.router.settings import EngineSettings
from services.router.shard.collector import COLLECTOR
from services.router.shard.decider import Decider
from services.router.shard.decisions import SOURCE, Line
from services.router.shard.owner import Owner
from services.router.shard.photographer import Photographer
from services.router.shard.tenure import Workshop
from shared.clock import SystemClock, milliseconds
from shared.dead_letters import DeadLetters
from shared.events.envelope import Envelope, encode
from shared.log import Entry, Log, Partition, Record, Sink
from shared.strikes import Untracked
from shared.topics import INBOUND, ROUTING
from tests.bench.engine import START, _event, _rules
from tests.bench.figures import BenchFailed, Row, Size
from tests.bench.stalls import Stalls, resident_mb, stalls

_SHARD = 0
_WORKSPACE = "w"
_INBOUND = Partition(INBOUND.name, _SHARD)
_ROUTING = Partition(ROUTING.name, _SHARD)
_AGENTS = 3_000
_AT_ONCE = 200
_IN_HAND = 2_000
_PATIENCE = 300.0
_LOOK = 0.1


class Shard:
    """Customers of shard 0 write one after the other; decisions are made here or by an owner."""

    def __init__(self, log: Log, sink: Sink, size: Size) -> None:
        self._log = log
        self._sink = sink
        self._size = size
        self._clock = SystemClock()
        self._rules = _rules(min(_AGENTS, size.waiting))
        self._line = Line(_SHARD, epoch=1)
        self._written = 0

    async def rows(self) -> list[Row]:
        """The snapshot, the recovery, and the snapshot of a shard that goes on deciding."""
        state = await self._fill()
        rows = [await self._photograph(state)]
        await self._tail(state)
        for _ in dismantle(state):
            await asyncio.sleep(0)
        del state
        return rows + await self._recover()

    async def _fill(self) -> State:
        state = State(_SHARD)
        decider = self._decider(state)
        await self._append([self._line.owned(1, "bench", 0)])
        configured = decider.configure(_WORKSPACE, self._rules)
        assert configured is not None
        await self._append([configured])
        now = milliseconds(self._clock.now())
        for number in range(self._size.waiting):
            event = _event(number, number % 500)
            decide(state, event, Context(now, event.id))
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
        self._written = self._line.inbound = self._size.waiting
        self._line.seq += self._size.waiting
        return state

    def _decider(self, state: State) -> Decider:
        return Decider(state, self._line, lambda: milliseconds(self._clock.now()))

    def _records(self, count: int) -> Iterator[Record]:
        """What the next customers write, as it is read."""
        for number in range(self._written, self._written + count):
            event = _event(number, number % 500).model_copy(update={"workspace": _WORKSPACE})
            value = encode(Envelope(event.id, "/bench", START, event))
            yield Record(_INBOUND, number, b"bench", value, 0)
        self._written += count

    async def _append(self, entries: list[Entry]) -> None:
        if entries:
            await self._sink.append_batch(_ROUTING, entries)

    async def _photograph(self, state: State) -> Row:
        """As an owner does who leaves."""
        position = (await self._log.bounds([_ROUTING]))[_ROUTING][1]
        taker = Photographer(self._sink, self._clock, 0, 0, 1, 1.0, lambda: None)
        before, begun = resident_mb(), _now()
        with stalls() as found:
            await taker.last(state, self._line, position)
        return self._row("snapshot written", begun, before, found)

    async def _tail(self, state: State) -> None:
        """What was decided after the snapshot."""
        decider, entries = self._decider(state), []
        for record in self._records(self._size.tail):
            entry = decider.decide(record)
            assert entry is not None
            entries.append(entry)
            if len(entries) == _AT_ONCE:
                await self._append(entries)
                entries = []
        await self._append(entries)

    async def _recover(self) -> list[Row]:
        """Owned again; and then decisions while the next snapshot is taken."""
        before, begun = resident_mb(), _now()
        COLLECTOR.know(self._size.waiting)
        with stalls() as found, COLLECTOR.sparing():
            async with self._owned() as owner:
                recovered = self._row("recovery", begun, before, found)
                recovered["replayed"] = self._size.tail
                found.longest_ms = found.busy_ms = 0.0
                before, begun = resident_mb(), _now()
                decided = await self._go_on(owner)
                busy = self._row("snapshot while deciding", begun, before, found)
        return [recovered, {**busy, "decisions_per_s": decided / busy["seconds"]}]

    @asynccontextmanager
    async def _owned(self) -> AsyncIterator[Owner]:
        letters = DeadLetters(self._sink, self._clock, 1, SOURCE)
        workshop = Workshop(self._log, self._sink, self._clock, letters, "bench")
        settings = EngineSettings(snapshot_seconds=0.1, drain_seconds=0.1)
        rules = {_WORKSPACE: self._rules}
        owner = Owner(_SHARD, workshop, settings, rules, Untracked(), lambda _: None)
        task = asyncio.create_task(owner.run())
        try:
            while owner.standing != "owned" and not task.done():
                await self._clock.sleep(0.001)
            yield owner
        finally:
            owner.leave()
            with suppress(TimeoutError):
                await asyncio.wait_for(task, _PATIENCE)

    async def _go_on(self, owner: Owner) -> int:
        """Customers write as fast as is decided, until the next snapshot is in the log."""
        first, taken = self._written, _snapshots()
        begun = looked = self._clock.monotonic()
        while (now := self._clock.monotonic()) - looked < _LOOK or _snapshots() == taken:
            if now - begun > _PATIENCE:
                raise BenchFailed("no snapshot was written")
            looked = now if now - looked >= _LOOK else looked
            if self._written - owner.committable().get(_INBOUND, first) < _IN_HAND:
                owner.put(list(self._records(_AT_ONCE)), now)
            await asyncio.sleep(0)
        return self._written - first

    def _row(self, what: str, begun: tuple[float, float], before: float, found: Stalls) -> Row:
        return {
            "what": what,
            "waiting": self._size.waiting,
            "seconds": time.perf_counter() - begun[0],
            "cpu_s": time.process_time() - begun[1],
            "longest_stall_ms": found.longest_ms,
            "longest_cpu_ms": found.busy_ms,
            "more_mb": resident_mb() - before,
        }


def _now() -> tuple[float, float]:
    """On the wall, and of this process's CPU time."""
    return time.perf_counter(), time.process_time()


def _snapshots() -> float:
    labels = {"result": "written"}
    return REGISTRY.get_sample_value("patchbay_engine_snapshots_total", labels) or 0.0
