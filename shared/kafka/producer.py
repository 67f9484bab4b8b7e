"""The supervised producer.

aiokafka's idempotent producer takes sequence numbers when it drains a batch and never gives them
back. One failed batch therefore leaves its partition rejected (OutOfOrderSequenceNumber) for the
life of the producer. So after any failure a producer is condemned: it may finish what it has in
flight, is closed within a bounded time, and a new one takes its place.
"""

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from shared.clock import SystemClock
from shared.errors import LogUnavailable
from shared.kafka.settings import KafkaSettings

log = structlog.get_logger()

# While the cluster is away, every append would try to connect; these seconds are left in between.
_PAUSE = 0.2


class Generation:
    """One producer's life. `ended` is done when nothing it has in flight will be answered."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Supervisor:
    """Has a working producer, or says that the log is unavailable."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._current: Generation | None = None
        self._starting: asyncio.Task[Generation] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._failed_at = float("-inf")

    async def current(self) -> Generation:
        """The producer to use now. Raises LogUnavailable while the cluster cannot be reached."""
        if self._current is not None:
            return self._current
        if self._starting is None:
            if self._clock.monotonic() - self._failed_at < _PAUSE:
                raise LogUnavailable("Kafka could not be reached a moment ago")
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    def condemn(self, generation: Generation, reason: str) -> None:
        """Have the producer replaced. What it has in flight gets a bounded time to finish."""
        if self._current is generation:
            self._current = None
            log.warning("producer_replaced", reason=reason)
            self._end(generation)

    async def close(self) -> None:
        """Close whatever is open, in bounded time."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._current is not None:
            self._end(self._current)
            self._current = None
        if self._ending:
            await asyncio.wait(self._ending)

    def _end(self, generation: Generation) -> None:
        task = asyncio.create_task(self._finish(generation))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _start(self) -> Generation:
        producer = AIOKafkaProducer(**self._settings.producer())
        try:
            async with asyncio.timeout(self._settings.connect):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            self._failed_at = self._clock.monotonic()
            await close_producer(producer, self._settings.stop)
            raise LogUnavailable(f"Kafka cannot be reached: {type(error).__name__}") from error
        finally:
            self._starting = None
        self._current = Generation(producer)
        return self._current

    async def _finish(self, generation: Generation) -> None:
        try:
            await close_producer(generation.producer, self._settings.stop)
        finally:
            generation.ended.set_result(None)


async def close_producer(producer: AIOKafkaProducer, seconds: float) -> None:
    """Flush and stop, each within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await producer.flush()
    except TimeoutError:
        _abandon(producer._message_accumulator)  # noqa: SLF001 - see there
    try:
        async with asyncio.timeout(seconds):
            await producer.stop()
    except Exception as error:  # noqa: BLE001 - aiokafka trips over what was abandoned
        log.warning("producer_stop_failed", reason=type(error).__name__)
    finally:
        await producer.client.close()


def _abandon(accumulator: Any) -> None:
    """Fail what has not been acknowledged.

    Idempotent batches never expire in aiokafka: while the broker is away, flushing and stopping
    would wait for ever, and there is no public way to drop them. Its own `fail_all` trips over
    batches that wait to be sent again, unless they are listed as pending.
    """
    waiting = [batch for queue in accumulator._batches.values() for batch in queue]  # noqa: SLF001
    accumulator._pending_batches.update(waiting)  # noqa: SLF001
    accumulator.fail_all(ProducerClosed())
    for drained in [batch._drain_waiter for batch in waiting]:  # noqa: SLF001
        if drained.done():
            drained.exception()  # seen: nobody waits for it any more
