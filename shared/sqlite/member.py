"""Reading as a member of a consumer group."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from shared.clock import SystemClock, milliseconds
from shared.errors import LogUnavailable
from shared.log import Partition, Record
from shared.sqlite import groups
from shared.sqlite.source import Reader, Shelf
from shared.sqlite.store import Store

log = structlog.get_logger()


class Writes(Protocol):
    """How a member changes the tables: in the committing thread."""

    async def change(self, work: Callable[[Store], Any]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """In seconds: how often a member shows that it lives, how long it may be silent, and how
    long it may take to finish what it has in hand of a partition that another one waits for."""

    heartbeat: float = 1.0
    session: float = 6.0
    handover: float = 10.0


class Member(Reader):
    """Reads the group's partitions that are its share now.

    A partition that others wait for leaves `assignment` in one poll, and is given up by the next
    call: between the two, what is in hand can be finished and committed.
    """

    def __init__(
        self,
        shelf: Shelf,
        writes: Writes,
        me: groups.Membership,
        rhythm: Rhythm,
        nudge_others: Callable[[], None],
    ) -> None:
        super().__init__(shelf, {})
        self._writes = writes
        self._me = me
        self._rhythm = rhythm
        self._nudge_others = nudge_others
        self._clock = SystemClock()  # other processes must agree on it
        self._standing = groups.Standing({}, frozenset())
        self._parting: frozenset[Partition] = frozenset()
        self._wanted_since: dict[Partition, float] = {}
        self._nudged = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Enter the group and take what is free."""
        await self._beat()
        self._nudge_others()
        self._beating = asyncio.create_task(self._keep_beating())

    async def leave(self) -> None:
        """Give everything up for the others to take at once."""
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        with suppress(LogUnavailable):  # then the others wait for the session to end
            await self._writes.change(lambda store: groups.leave(store, self._me))
        self._nudge_others()

    @property
    def group(self) -> str:
        return self._me.group

    def nudge(self) -> None:
        """Somebody came or went: look at once what is ours now."""
        self._nudged.set()

    async def poll(self, *, limit: int = 500, wait: float = 0.5) -> Sequence[Record]:
        if self._beating is not None and self._beating.done():
            self._beating.result()  # a bug in it must not go unseen
        if self._parting:
            await self._give_up(self._parting)
        self._settle()
        return [] if self._parting else await super().poll(limit=limit, wait=wait)

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        if positions:
            wanted = dict(positions)
            await self._writes.change(lambda store: groups.commit(store, self._me, wanted))

    def _settle(self) -> None:
        """Make the assignment what the group says it is."""
        held, wanted = self._standing.held, self._standing.wanted
        self._parting = wanted & self._positions.keys()
        for partition in self._parting | (self._positions.keys() - held.keys()):
            del self._positions[partition]
        for partition in held.keys() - self._positions.keys() - wanted:
            self._positions[partition] = held[partition]

    async def _give_up(self, partitions: frozenset[Partition]) -> None:
        await self._beat(giving_up=tuple(partitions))
        self._parting = frozenset()
        self._nudge_others()

    async def _keep_beating(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rhythm.heartbeat):
                    await self._nudged.wait()
            self._nudged.clear()
            try:
                await self._beat(giving_up=self._overdue())
            except LogUnavailable as error:
                log.warning("heartbeat_failed", group=self._me.group, reason=str(error))

    async def _beat(self, *, giving_up: Sequence[Partition] = ()) -> None:
        now = milliseconds(self._clock.now())

        def work(store: Store) -> groups.Standing:
            if giving_up:
                groups.release(store, self._me, giving_up)
            return groups.beat(store, self._me, now)

        standing: groups.Standing = await self._writes.change(work)
        if giving_up:
            self._nudge_others()
        monotonic = self._clock.monotonic()
        self._wanted_since = {
            partition: self._wanted_since.get(partition, monotonic) for partition in standing.wanted
        }
        changed = standing.held.keys() != self._standing.held.keys() or standing.wanted
        self._standing = standing
        if changed:
            self._interrupt()

    def _overdue(self) -> tuple[Partition, ...]:
        """What others have been waiting for too long: it is taken from whoever reads us."""
        latest = self._clock.monotonic() - self._rhythm.handover
        return tuple(p for p, since in self._wanted_since.items() if since < latest)
