"""When a shard's snapshot is taken, and writing it beside everything else."""

import asyncio
from dataclasses import replace

import structlog

from services.router.engine.capture import Capture
from services.router.engine.state import State
from services.router.metrics import ENGINE_SNAPSHOTS
from services.router.shard.decisions import Line
from services.router.shard.snapshots import parts_of, write
from shared.clock import Clock, milliseconds
from shared.errors import PatchbayError
from shared.log import Sink

_LOG = structlog.get_logger(__name__)

_LINES_AT_ONCE = 500


class Photographer:
    """Takes snapshots of one owned shard after `decisions` of them, or `seconds` with any."""

    def __init__(
        self, sink: Sink, clock: Clock, slot: int, seq: int, decisions: int, seconds: float
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._slot = slot
        self._decisions = decisions
        self._seconds = seconds
        self._taken_seq = seq
        self._taken_at = clock.monotonic()
        self._capture: Capture | None = None
        self._lines: list[str] = []
        self._line = Line(0)
        self._position = 0
        self._writing: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Is there a piece to be taken now?"""
        return self._capture is not None and not self._capture.done

    def seconds_to_next(self, seq: int) -> float | None:
        """How long until a snapshot is due by time; None if nothing has been decided."""
        if seq == self._taken_seq or self._capture is not None:
            return None
        return max(self._taken_at + self._seconds - self._clock.monotonic(), 0.0)

    def look(self, state: State, line: Line, handed_over: int, acknowledged: int) -> None:
        """Do the next piece of whatever is to be done. Takes a few milliseconds."""
        if self._capture is None:
            if line.seq - self._taken_seq >= self._decisions or self.seconds_to_next(line.seq) == 0:
                self._begin(state, line, handed_over)
        elif not self._capture.done:
            self._lines += self._capture.step(_LINES_AT_ONCE)
        elif self._writing is None and acknowledged >= self._position:
            self._writing = asyncio.create_task(self._write())
        elif self._writing is not None and self._writing.done():
            self._writing.result()
            self._writing = self._capture = None

    async def last(self, state: State, line: Line, position: int) -> None:
        """A snapshot of everything, for whoever owns the shard next; all is acknowledged."""
        if self._writing is not None:
            await self._writing
        if line.seq != self._taken_seq:
            self._begin(state, line, position)
            while self._capture is not None and not self._capture.done:
                self._lines += self._capture.step(_LINES_AT_ONCE)
                await asyncio.sleep(0)
            await self._write()

    def _begin(self, state: State, line: Line, position: int) -> None:
        self._capture = Capture(state)
        self._lines = self._capture.step(0)
        self._line, self._position = replace(line), position
        self._taken_seq, self._taken_at = line.seq, self._clock.monotonic()

    async def _write(self) -> None:
        lines, self._lines = self._lines, []
        try:
            parts = await asyncio.to_thread(parts_of, self._line, self._position, lines)
            await write(self._sink, parts, self._slot, milliseconds(self._clock.now()))
        except PatchbayError as error:
            # The one before it is still there; the next one is tried at its time.
            ENGINE_SNAPSHOTS.labels("failed").inc()
            _LOG.warning("snapshot_failed", shard=self._line.shard, reason=error.code)
        else:
            self._slot = 1 - self._slot
            ENGINE_SNAPSHOTS.labels("written").inc()
            _LOG.info("snapshot_written", shard=self._line.shard, parts=len(parts))
