"""When a shard's snapshot is taken, and writing it beside everything else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from services.router.engine.capture import Capture
from services.router.engine.state import State
from services.router.metrics import ENGINE_SNAPSHOTS
from services.router.shard.decisions import Line
from services.router.shard.snapshots import Album
from shared.clock import Clock, milliseconds
from shared.log import Sink

_LOG = structlog.get_logger(__name__)

_LINES_AT_ONCE = 1_000
_SHARE = 10
"""A snapshot of so many conversations is worth as many decisions, or it would never be done."""


class Photographer:
    """Takes snapshots of one owned shard after `decisions` of them, or `seconds` with any.

    Of a large state less often: reading a decision again takes as long as writing down some
    conversations. `changed` is called when there is something to do again.
    """

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        slot: int,
        seq: int,
        decisions: int,
        seconds: float,
        changed: Callable[[], None],
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._slot = slot
        self._decisions = decisions
        self._seconds = seconds
        self._changed = changed
        self._taken_seq = seq
        self._taken_at = clock.monotonic()
        self._shard = 0
        self._position = 0
        self._proven = False
        self._capture: Capture | None = None
        self._album: Album | None = None

    @property
    def busy(self) -> bool:
        """Is there something to be done now?"""
        if self._album is None or self._capture is None:
            return False
        return self._album.done or (
            self._proven and not self._capture.done and self._album.has_room
        )

    def seconds_to_next(self, seq: int) -> float | None:
        """How long until a snapshot is due by time; None if nothing has been decided."""
        if seq == self._taken_seq or self._album is not None:
            return None
        return max(self._taken_at + self._seconds - self._clock.monotonic(), 0.0)

    def look(self, state: State, line: Line, handed_over: int, acknowledged: int) -> None:
        """Do the next piece of whatever is to be done. Takes a few milliseconds."""
        if self._album is None:
            if self._due(state, line):
                self._begin(state, line, handed_over)
        elif self._album.done:
            self._end(self._album)
        else:
            self._proven = acknowledged >= self._position
            if self.busy:
                self._go_on(self._album)

    async def last(self, state: State, line: Line, position: int) -> None:
        """A snapshot of everything, for whoever owns the shard next; all is acknowledged."""
        if self._album is not None:
            await self._album.written()
            self._drop()
        if line.seq != self._taken_seq:
            album = self._begin(state, line, position)
            while not album.done:
                self._go_on(album)
                await album.written()
                await asyncio.sleep(0)
            self._end(album)

    def _due(self, state: State, line: Line) -> bool:
        if self.seconds_to_next(line.seq) == 0:
            return True
        decided = line.seq - self._taken_seq
        return decided >= self._decisions and decided * _SHARE >= conversations(state)

    def _begin(self, state: State, line: Line, position: int) -> Album:
        now = milliseconds(self._clock.now())
        self._capture = Capture(state)
        album = Album(self._sink, replace(line), position, self._slot, now, self._changed)
        self._shard, self._album, self._position = line.shard, album, position
        self._taken_seq, self._taken_at = line.seq, self._clock.monotonic()
        self._proven = False
        return album

    def _go_on(self, album: Album) -> None:
        capture = self._capture
        if capture is not None and not capture.done:
            album.add(capture.step(_LINES_AT_ONCE))
            if capture.done:
                album.close()

    def _end(self, album: Album) -> None:
        if album.failure is not None:
            # The one before it is still there; the next one is tried at its time.
            ENGINE_SNAPSHOTS.labels("failed").inc()
            _LOG.warning("snapshot_failed", shard=self._shard, reason=album.failure.code)
        else:
            self._slot = 1 - self._slot
            ENGINE_SNAPSHOTS.labels("written").inc()
            _LOG.info("snapshot_written", shard=self._shard, parts=album.count)
        self._drop()

    def _drop(self) -> None:
        if self._capture is not None:
            self._capture.stop()
        self._capture = self._album = None


def conversations(state: State) -> int:
    """How many it knows."""
    return sum(len(workspace.conversations) for workspace in state.workspaces.values())
