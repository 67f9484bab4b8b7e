"""One shard in the hands of its owner: read, decide, append; and begin anew when in doubt."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Literal

import structlog

from services.router.engine.dismantle import dismantle
from services.router.engine.state import State
from services.router.metrics import ENGINE_LOST, ENGINE_RECOVERY_SECONDS
from services.router.settings import EngineSettings
from services.router.shard.inbox import Inbox, Rewind
from services.router.shard.recovery import own
from services.router.shard.tenure import Docket, Dropped, Tenure, Workshop
from shared.clock import milliseconds
from shared.errors import LogUnavailable, OwnershipLost, RecordIncomplete
from shared.log import Partition, Record
from shared.rules import Rules
from shared.strikes import Strikes, Untracked
from shared.topics import COMMANDS_TOPIC, INBOUND

_LOG = structlog.get_logger(__name__)

_PAUSE = 0.3
_BROKEN_PAUSE = 60.0

Standing = Literal["recovering", "owned", "broken"]


class Owner:
    """Owns one shard for as long as it is told to, each time with a state built from the record.

    `put` hands it what was read, `rewind` is how it asks for something to be read again. `rules`
    are those of the shard's workspaces.
    """

    def __init__(
        self,
        shard: int,
        workshop: Workshop,
        settings: EngineSettings,
        rules: Mapping[str, Rules],
        strikes: Strikes | Untracked,
        rewind: Rewind,
    ) -> None:
        self.shard = shard
        self.standing: Standing = "recovering"
        self._workshop = workshop
        self._settings = settings
        self._rules = rules
        self._docket = Docket(Inbox(settings.waiting_room, rewind), strikes)
        self._tenure: Tenure | None = None

    @property
    def inputs(self) -> tuple[Partition, Partition]:
        """The partitions it reads."""
        return (Partition(INBOUND.name, self.shard), Partition(COMMANDS_TOPIC.name, self.shard))

    def put(self, records: Iterable[Record], at: float) -> None:
        """What has been read of its inputs, in order; `at` is now, on the monotonic clock."""
        self._docket.inbox.put(records, at)
        self._docket.news.set()

    def leave(self) -> None:
        """Decide on nothing more; `run` then finishes what is under way and returns."""
        self._docket.left.set()
        self._docket.inbox.close()
        self._docket.news.set()

    def committable(self) -> dict[Partition, int]:
        """Up to where its inputs have been decided on for good."""
        return dict(self._docket.acknowledged)

    def states(self) -> Iterator[State]:
        """The state it decides on, if it has one now; to look at only."""
        if self._tenure is not None:
            yield self._tenure.state

    async def run(self) -> None:
        """Own the shard until told to leave. Raises TooManyDeadLetters."""
        while not self._docket.left.is_set():
            pause, self.standing = _PAUSE, "recovering"
            try:
                await self._own()
            except (OwnershipLost, LogUnavailable, Dropped) as error:
                self.standing = "recovering"
                ENGINE_LOST.labels(error.code).inc()
                _LOG.warning("shard_lost", shard=self.shard, reason=str(error))
            except RecordIncomplete as error:
                self.standing, pause = "broken", _BROKEN_PAUSE
                _LOG.error("shard_broken", shard=self.shard, reason=str(error))
            finally:
                self._docket.inbox.close()
                await self._drop_state()
                for partition in self.inputs:
                    await self._docket.strikes.leave(partition)
            await self._rest(pause)

    async def _own(self) -> None:
        """Build the state, claim the shard, and decide until it is lost or to be left."""
        workshop, clock = self._workshop, self._workshop.clock
        began = clock.monotonic()
        now = milliseconds(clock.now())
        found = await own(workshop.log, workshop.sink, self.shard, workshop.instance, now)
        positions = dict(zip(self.inputs, (found.line.inbound, found.line.commands), strict=True))
        watches = {p: await self._docket.strikes.enter(p, at) for p, at in positions.items()}
        if self._docket.left.is_set():
            return
        took = clock.monotonic() - began
        ENGINE_RECOVERY_SECONDS.observe(took)
        epoch, seq = found.line.epoch, found.line.seq
        _LOG.info("shard_owned", shard=self.shard, epoch=epoch, seq=seq, seconds=round(took, 3))
        self._tenure = Tenure(found, workshop, self._settings, self._docket, watches)
        self._docket.inbox.open(positions)
        self.standing = "owned"
        self._tenure.configure(self._rules)
        while not self._docket.left.is_set():
            await self._tenure.round()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._tenure.finish()

    async def _drop_state(self) -> None:
        tenure, self._tenure = self._tenure, None
        if tenure is not None:
            for _ in dismantle(tenure.state):
                await asyncio.sleep(0)

    async def _rest(self, seconds: float) -> None:
        """A pause before the next attempt, cut short by leaving."""
        waits = [
            asyncio.ensure_future(self._docket.left.wait()),
            asyncio.ensure_future(self._workshop.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
