"""All account queues of this process, and every message in hand."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from services.notifier import metrics
from services.notifier.circuit import Circuit, Fuse
from services.notifier.queues import AccountQueue, Job
from shared.channels.registry import CHANNELS
from shared.clock import Clock, milliseconds
from shared.errors import OwnershipLost

Work = Callable[[Job, Circuit], Awaitable[datetime | None]]
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Room:
    """How much at once, per account: `width` conversations being worked on, `depth` messages in
    memory."""

    width: int = 16
    depth: int = 500


class Dispatch:
    """Makes a queue for every account at its first message, and runs it in `tasks` until `stop`.

    `struck` is told a message whose work raised what nobody expected; that ends the process.
    """

    def __init__(
        self,
        work: Work,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        stop: asyncio.Event,
        room: Room,
        fuse: Fuse,
        struck: Callable[[Job], Awaitable[None]],
    ) -> None:
        self._struck = struck
        self._work = work
        self._clock = clock
        self._tasks = tasks
        self._stop = stop
        self._room = room
        self._fuse = fuse
        self._queues: dict[Account, AccountQueue] = {}
        self._live: dict[int, dict[str, Job]] = {}
        self._under_way: Counter[int] = Counter()
        self._ended = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Is any message being worked on right now?"""
        return self._under_way.total() > 0

    def offer(self, job: Job) -> bool:
        """Take a message into its account's queue; False when that is full."""
        account = (job.message.channel, job.message.account)
        queue = self._queues.get(account) or self._open(account)
        if queue.full:
            return False
        self._live.setdefault(job.partition, {})[job.message.id] = job
        queue.put(job)
        return True

    def has(self, number: int, message_id: str) -> bool:
        """Is this message in hand?"""
        return message_id in self._live.get(number, {})

    def has_room(self, account: Account) -> bool:
        """Is it worth reading on for this account?"""
        queue = self._queues.get(account)
        return queue is None or queue.has_room

    def wake(self, account: Account, key: str) -> None:
        """The ledger learned something about this conversation."""
        if queue := self._queues.get(account):
            queue.wake(key)

    def oldest(self, number: int) -> Job | None:
        """The first message in hand of a partition, by offset."""
        return min(self._live.get(number, {}).values(), key=lambda job: job.offset, default=None)

    def written_since(self, number: int) -> int | None:
        """When the message in hand that was written first was written, in Unix milliseconds."""
        jobs = self._live.get(number, {}).values()
        return min((milliseconds(job.message.written_at) for job in jobs), default=None)

    async def let_go(self, number: int, seconds: float) -> None:
        """Start nothing more of a partition, and wait a while for what is under way."""
        for queue in self._queues.values():
            queue.drop(number)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._under_way[number]:
                    self._ended.clear()
                    await self._ended.wait()

    def forget(self, number: int) -> None:
        """The partition is somebody else's now."""
        self._live.pop(number, None)

    def measure(self) -> None:
        """Tell how much is in hand."""
        held = Counter(job.message.channel for jobs in self._live.values() for job in jobs.values())
        for channel in CHANNELS:
            metrics.HELD.labels(channel).set(held[channel])

    def _open(self, account: Account) -> AccountQueue:
        circuit = Circuit(self._fuse)

        async def work(job: Job) -> datetime | None:
            self._under_way[job.partition] += 1
            try:
                return await self._work(job, circuit)
            except OwnershipLost:
                raise
            except Exception:
                await self._struck(job)
                raise
            finally:
                self._under_way[job.partition] -= 1
                self._ended.set()

        queue = AccountQueue(
            work,
            circuit,
            self._clock,
            width=self._room.width,
            depth=self._room.depth,
            settled=self._settled,
        )
        running = queue.run(self._stop)
        try:
            self._tasks.create_task(running, name="account-queue")
        except RuntimeError:  # another task of the group has failed: all end, and so do we
            running.close()
            raise asyncio.CancelledError from None
        self._queues[account] = queue
        return queue

    def _settled(self, job: Job) -> None:
        self._live.get(job.partition, {}).pop(job.message.id, None)
