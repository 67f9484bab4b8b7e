"""Follow the record from its end: what answers commands, feeds streams and tells what was seen.

One reader per process, for the shards of the configured workspaces. It begins a little before the
end, to know which epoch is in force.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from services.router.api.holders import Holders
from services.router.api.position import Position
from shared.clock import Clock
from shared.errors import LogUnavailable, Undecodable
from shared.events.routing import Decision, Opened, ShardOwned
from shared.log import Log, Partition, Record
from shared.record import Fence, standing_at
from shared.topics import INBOUND, ROUTING
from shared.watchdog import Progress

_LOG = structlog.get_logger(__name__)
_DECODER = ROUTING.decoder()
COMMAND_PREFIX = "cmd_"
"""What the ids of our commands begin with."""

EVERYBODY = ""
"""Whoever subscribes as nobody in particular is told everything."""

_LOOKBACK = 1000
_REMEMBERED = 20_000
_STREAM_DEPTH = 1000
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """A valid decision, its offset, and who held its conversations when it was made.

    A conversation that is not in `holders` is one whose holder is not known here.
    """

    offset: int
    decision: Decision
    holders: dict[str, str | None]


class Subscription:
    """The decisions that may concern somebody, as they come.

    Bounded: `lost` once it was too slow.
    """

    def __init__(self) -> None:
        self.lost = False
        self._queue: asyncio.Queue[Seen | None] = asyncio.Queue(_STREAM_DEPTH)

    def offer(self, seen: Seen) -> None:
        """Put in what came; a stream that does not keep up is lost, and resumes later."""
        try:
            self._queue.put_nowait(seen)
        except asyncio.QueueFull:
            self.lost = True

    def wake(self) -> None:
        """Let whoever waits look around."""
        if not self._queue.full():
            self._queue.put_nowait(None)

    def idle(self) -> bool:
        """Everything that has come has been taken."""
        return self._queue.empty()

    async def next(self, seconds: float) -> Seen | None:
        """The next decision; None after `seconds`, or when woken."""
        try:
            async with asyncio.timeout(seconds):
                return await self._queue.get()
        except TimeoutError:
            return None


class Tail:
    """What this process has seen of the record. `told` hears of every valid decision first."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        shards: int,
        workspaces: Iterable[str],
        progress: Progress,
        told: Callable[[Decision], None] = lambda _decision: None,
    ) -> None:
        self._log = log
        self._told = told
        self._clock = clock
        self._shards = shards
        self._partitions = sorted({self.partition(workspace) for workspace in workspaces})
        self._progress = progress
        self._polled_at = clock.monotonic()
        self._fences: dict[Partition, Fence] = {}
        self._next: dict[Partition, int] = {}
        self._inbound: dict[str, int] = {}
        self._waiting: dict[tuple[str, str], set[asyncio.Future[Decision]]] = {}
        self._decided: OrderedDict[tuple[str, str], Decision] = OrderedDict()
        self._streams: dict[str, dict[str, set[Subscription]]] = {}
        self._holders: dict[str, Holders] = {}
        self.ready = asyncio.Event()

    def fresh(self, seconds: float) -> bool:
        """Whether the record was read up to its end, and asked for more lately."""
        return self.ready.is_set() and self._clock.monotonic() - self._polled_at < seconds

    def partition(self, workspace: str) -> Partition:
        """Where the decisions about a workspace stand."""
        return ROUTING.partition(workspace, "", self._shards)

    def position(self, workspace: str) -> Position:
        """Behind everything that has been seen: where a stream begins that wants what is new."""
        partition = self.partition(workspace)
        standing = self._fences[partition].standing
        return Position(self._next[partition], -1, standing.epoch, standing.seq or 0)

    def seen(self, workspace: str) -> dict[Partition, int]:
        """How far a view must be to show everything that this process knows."""
        partition = self.partition(workspace)
        wanted = {partition: self._next[partition]}
        if workspace in self._inbound:
            wanted[INBOUND.partition(workspace, "", self._shards)] = self._inbound[workspace]
        return wanted

    def holders(self, workspace: str) -> Holders:
        return self._holders.setdefault(workspace, Holders())

    def decided(self, workspace: str, cause: str) -> Decision | None:
        """The decision on a command that was sent before, if it was made lately."""
        return self._decided.get((workspace, cause))

    @contextmanager
    def expect(self, workspace: str, cause: str) -> Iterator["asyncio.Future[Decision]"]:
        """The decision on a command that is about to be sent."""
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault((workspace, cause), set())
        waiting.add(future)
        try:
            yield future
        finally:
            waiting.discard(future)
            if not waiting:
                self._waiting.pop((workspace, cause), None)

    @contextmanager
    def subscribe(self, workspace: str, agent: str = EVERYBODY) -> Iterator[Subscription]:
        """Every decision about a workspace from `position` on that may concern this agent."""
        subscription = Subscription()
        streams = self._streams.setdefault(workspace, {})
        streams.setdefault(agent, set()).add(subscription)
        try:
            yield subscription
        finally:
            streams[agent].discard(subscription)
            if not streams[agent]:
                del streams[agent]

    def wake(self) -> None:
        """Let every stream look around: the process stops."""
        for workspace in self._streams:
            for stream in self._listeners(workspace, None):
                stream.wake()

    def _listeners(self, workspace: str, agents: Iterable[str] | None) -> Iterator[Subscription]:
        """The streams of these agents and those that are told everything; all for None."""
        streams = self._streams.get(workspace, {})
        for agent in streams if agents is None else {EVERYBODY, *agents}:
            yield from streams.get(agent, ())

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except LogUnavailable as error:
                _LOG.warning("tail_waits", reason=str(error))
                self._progress.worked()
                await self._clock.sleep(_PAUSE_SECONDS)

    async def _follow(self, stop: asyncio.Event) -> None:
        bounds = await self._log.bounds(self._partitions)
        for partition, (begin, end) in bounds.items():
            start = max(begin, end - _LOOKBACK)
            if partition not in self._next:
                self._next[partition] = start
                self._fences[partition] = Fence(standing_at(start))
        async with self._log.read(dict(self._next)) as source:
            while not stop.is_set():
                for record in await source.poll(wait=0.2):
                    self._take(record)
                self._polled_at = self._clock.monotonic()
                self._progress.polled(self._partitions)
                if all(self._next[p] >= end for p, (_, end) in bounds.items()):
                    self.ready.set()

    def _take(self, record: Record) -> None:
        self._next[record.partition] = record.offset + 1
        self._progress.received(record.partition, record.offset)
        try:
            data = _DECODER.decode(record.value).data
        except Undecodable as error:
            _LOG.warning("tail_record_undecodable", offset=record.offset, reason=str(error))
            return
        assert isinstance(data, ShardOwned | Decision)
        if self._fences[record.partition].admits(data) and isinstance(data, Decision):
            self._know(record.offset, data)

    def _know(self, offset: int, decision: Decision) -> None:
        workspace, key = decision.workspace, (decision.workspace, decision.cause)
        self._told(decision)
        self._inbound[workspace] = max(decision.inbound, self._inbound.get(workspace, 0))
        before = self.holders(workspace).before(decision)
        seen = Seen(offset, decision, before)
        for stream in self._listeners(workspace, concerned(decision, before)):
            stream.offer(seen)
        if decision.cause.startswith(COMMAND_PREFIX):
            self._decided.setdefault(key, decision)
        if len(self._decided) > _REMEMBERED:
            self._decided.popitem(last=False)
        for future in self._waiting.get(key, ()):
            if not future.done():
                future.set_result(decision)


def concerned(decision: Decision, holders: Mapping[str, str | None]) -> set[str] | None:
    """The agents whom a decision may concern: the named ones and the holders before it.

    None when a conversation's holder is not known: then it may concern anybody.
    """
    known = set(holders)
    agents = {agent for agent in holders.values() if agent is not None}
    for event in decision.events:
        conversation = getattr(event, "conversation", None)
        if isinstance(event, Opened):
            known.add(event.conversation)
        elif conversation is not None and conversation not in known:
            return None
        if (named := getattr(event, "agent", None)) is not None:
            agents.add(named)
    return agents
