"""Does the process still make progress? The answer decides whether it is restarted.

A consumer can stop without a sign: a handler hangs, or the Kafka client no longer fetches although
records are there. Neither is visible to a probe that only asks whether the process answers.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from shared.clock import Clock, SystemClock
from shared.errors import LogUnavailable
from shared.log import Log, Partition

log = structlog.get_logger()

# How often the event loop's lag is measured, in seconds, and the lag that is worth a line in the
# log: heartbeats of consumer groups run in the same loop.
_LAG_EVERY = 0.5
_LAG_ALARM = 0.1


@dataclass
class _Reading:
    """Where a partition is read: the next offset, and since when nothing has come though there is
    something. `position` is unknown until a first record has come; then the end found at first
    stands in for it."""

    position: int | None = None
    behind_since: float | None = None


class Progress:
    """What one consumer tells: that it polls, what it holds, and what it has received."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._polled_at = self._worked_at = clock.monotonic()
        self._readings: dict[Partition, _Reading] = {}

    @property
    def partitions(self) -> list[Partition]:
        """What the consumer holds now."""
        return list(self._readings)

    def polled(self, held: Iterable[Partition]) -> None:
        """The consumer has come back to the log for more."""
        self._polled_at = self._clock.monotonic()
        for partition in held:
            self._readings.setdefault(partition, _Reading())

    def received(self, partition: Partition, offset: int) -> None:
        """A record has come."""
        self._readings[partition] = _Reading(offset + 1)

    def worked(self) -> None:
        """A handler has come to an end. To fail for a reason that has a name is progress, too:
        whatever is away then, a restart would not bring it back."""
        self._worked_at = self._clock.monotonic()

    def released(self, partitions: Iterable[Partition]) -> None:
        """The consumer does not hold these any more."""
        for partition in partitions:
            self._readings.pop(partition, None)

    def compare(self, ends: Mapping[Partition, int]) -> None:
        """Learn where the partitions end, so that silence can be told from starvation."""
        now = self._clock.monotonic()
        for partition, end in ends.items():
            reading = self._readings.get(partition)
            if reading is None:
                continue
            if reading.position is None:
                reading.position = end
            if end <= reading.position:
                reading.behind_since = None
            elif reading.behind_since is None:
                reading.behind_since = now

    def stuck(self, patience: float) -> str | None:
        """Why there has been no progress for longer than `patience` seconds, if so."""
        silent = self._clock.monotonic() - max(self._polled_at, self._worked_at)
        if self._readings and silent > patience:
            return "neither polled nor worked"
        for partition, reading in self._readings.items():
            # Only a consumer that came and asked can have been left without an answer.
            since = reading.behind_since
            if since is not None and self._polled_at - since > patience:
                return f"nothing received from {partition.topic}/{partition.number}"
        return None


class Watchdog:
    """Liveness: `alive` is false while a consumer has been stuck for `patience` seconds.

    A log that does not answer is no reason: restarting everybody would not bring it back.
    """

    def __init__(self, *, patience: float = 120.0, clock: Clock | None = None) -> None:
        self._patience = patience
        self._clock = clock or SystemClock()
        self._progresses: dict[str, Progress] = {}
        self.lag = 0.0
        """How late the event loop was when it was measured last, in seconds."""

    def progress(self, name: str) -> Progress:
        """For a consumer to report to."""
        self._progresses[name] = Progress(self._clock)
        return self._progresses[name]

    def alive(self) -> bool:
        """Is everybody making progress? A liveness check for `shared.service.Probes`."""
        return not self.stuck()

    def stuck(self) -> dict[str, str]:
        """Who is stuck, and why."""
        reasons = {name: p.stuck(self._patience) for name, p in self._progresses.items()}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    async def run(self, source: Log) -> None:
        """Measure, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_lag())
            tasks.create_task(self._compare(source))

    async def compare(self, source: Log) -> None:
        """Ask the log once where everybody's partitions end."""
        for name, progress in self._progresses.items():
            try:
                bounds = await source.bounds(progress.partitions)
            except LogUnavailable as error:
                log.warning("watchdog_blind", consumer=name, reason=str(error))
            else:
                progress.compare({partition: end for partition, (_, end) in bounds.items()})
        for name, reason in self.stuck().items():
            log.error("consumer_stuck", consumer=name, reason=reason)

    async def _compare(self, source: Log) -> None:
        while True:
            await self._clock.sleep(self._patience / 4)
            await self.compare(source)

    async def _measure_lag(self) -> None:
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(_LAG_EVERY)
            self.lag = max(0.0, self._clock.monotonic() - before - _LAG_EVERY)
            if self.lag > _LAG_ALARM:
                log.warning("event_loop_late", seconds=round(self.lag, 3))
