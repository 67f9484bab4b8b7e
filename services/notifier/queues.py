"""One account's lanes: a conversation's messages in order, many conversations at once, bounded.

Every channel account has lanes of its own, so a provider that hangs holds up its own account only.
A message that waits for a retry holds its conversation and takes no place.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.notifier.circuit import Circuit
from shared.clock import Clock
from shared.errors import OwnershipLost
from shared.events.outbound import OutboundMessage


@dataclass(eq=False, slots=True)
class Job:
    """A message in hand, and where in `outbound` it stands. `asked`: how often a doubt was
    looked up in vain."""

    message: OutboundMessage
    partition: int
    offset: int
    asked: int = 0
    dropped: bool = False

    @property
    def lane(self) -> str:
        """What must stay in order with it: its conversation. A message for a later time is alone,
        or everything written since would wait for it."""
        key = self.message.conversation_key
        return key if self.message.not_before is None else f"{key}/{self.message.id}"


Work = Callable[[Job], Awaitable[datetime | None]]
"""Does what can be done about a job now; returns when to look again, None when it is settled."""


class AccountQueue:
    """`width` conversations at once, `depth` messages in hand.

    `settled` is told every job that ended (not those dropped), `room` whenever there is room again.
    """

    def __init__(
        self,
        work: Work,
        circuit: Circuit,
        clock: Clock,
        *,
        width: int,
        depth: int,
        settled: Callable[[Job], None],
    ) -> None:
        self._work = work
        self._circuit = circuit
        self._clock = clock
        self._width = width
        self._depth = depth
        self._settled = settled
        self._lanes: dict[str, deque[Job]] = {}
        self._ready: deque[str] = deque()
        self._waiting: dict[str, datetime] = {}
        self._alarms: list[tuple[datetime, int, str]] = []
        self._numbers = itertools.count()
        self._running: dict[str, asyncio.Task[datetime | None]] = {}
        self._woken: set[str] = set()
        self._news = asyncio.Event()
        self._size = 0

    @property
    def full(self) -> bool:
        """No further message is taken into memory."""
        return self._size >= self._depth

    @property
    def has_room(self) -> bool:
        """Half empty: worth reading on from the log."""
        return self._size <= self._depth // 2

    def put(self, job: Job) -> None:
        """Take a message; the caller has looked at `full`."""
        key = job.lane
        lane = self._lanes.get(key)
        self._size += 1
        if lane is not None:
            lane.append(job)
            return
        self._lanes[key] = deque([job])
        self._ready.append(key)
        self._news.set()

    def wake(self, key: str) -> None:
        """Something was learned about this conversation: look at once."""
        if key in self._running:
            self._woken.add(key)  # it may just have decided to wait
        elif self._waiting.pop(key, None) is not None:
            self._ready.append(key)
            self._news.set()

    def drop(self, partition: int) -> None:
        """Forget the messages of a partition we lost; a call under way ends by itself."""
        for key, lane in list(self._lanes.items()):
            if lane[0].partition != partition:
                continue
            for job in lane:
                job.dropped = True
            if key not in self._running:
                self._clear(key, lane)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then let what is under way finish. Raises what the work raised."""
        try:
            while not stop.is_set():
                self._news.clear()
                self._collect()
                self._start()
                await _either(self._news, stop, self._clock, self._pause())
            while self._running:
                await asyncio.wait(self._running.values())
                self._collect()
        finally:
            for task in self._running.values():
                task.cancel()

    def _start(self) -> None:
        now = self._clock.now()
        while self._alarms and self._alarms[0][0] <= now:
            until, _, key = heapq.heappop(self._alarms)
            if self._waiting.get(key) == until:
                del self._waiting[key]
                self._ready.append(key)
        while self._ready and len(self._running) < self._circuit.width(now, self._width):
            key = self._ready.popleft()
            lane = self._lanes.get(key)
            if lane is None or key in self._running or key in self._waiting:
                continue
            task = asyncio.ensure_future(self._work(lane[0]))
            task.add_done_callback(lambda _: self._news.set())
            self._running[key] = task

    def _collect(self) -> None:
        for key, task in list(self._running.items()):
            if task.done():
                del self._running[key]
                self._after(key, task)

    def _after(self, key: str, task: asyncio.Task[datetime | None]) -> None:
        lane = self._lanes[key]
        woken = key in self._woken
        self._woken.discard(key)
        try:
            again = task.result()
        except OwnershipLost:
            again, lane[0].dropped = None, True
        if lane[0].dropped:
            self._clear(key, lane)
        elif again is not None and woken:
            self._ready.append(key)
        elif again is not None:
            self._waiting[key] = again
            heapq.heappush(self._alarms, (again, next(self._numbers), key))
        else:
            job = lane.popleft()
            self._size -= 1
            if lane:
                self._ready.append(key)
            else:
                del self._lanes[key]
            self._settled(job)

    def _clear(self, key: str, lane: deque[Job]) -> None:
        """Take out what was dropped; messages that came since stay."""
        kept = deque(job for job in lane if not job.dropped)
        self._size -= len(lane) - len(kept)
        self._waiting.pop(key, None)
        del self._lanes[key]
        if kept:
            self._lanes[key] = kept
            self._ready.append(key)

    def _pause(self) -> float | None:
        """Seconds until there is something to do without news."""
        now = self._clock.now()
        moments = [self._alarms[0][0]] if self._alarms else []
        if self._ready and self._circuit.open_until is not None and now < self._circuit.open_until:
            moments.append(self._circuit.open_until)
        return max(0.0, (min(moments) - now).total_seconds()) if moments else None


async def _either(
    news: asyncio.Event, stop: asyncio.Event, clock: Clock, seconds: float | None
) -> None:
    """Wait for the first of the three."""
    waits: list[Awaitable[object]] = [news.wait(), stop.wait()]
    if seconds is not None:
        waits.append(clock.sleep(seconds))
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
