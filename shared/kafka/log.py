"""The log on Apache Kafka."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.clock import Clock, SystemClock
from shared.errors import LogUnavailable
from shared.kafka.producer import Supervisor
from shared.kafka.settings import KafkaSettings
from shared.kafka.sink import KafkaSink
from shared.kafka.source import KafkaMember, KafkaReader
from shared.kafka.topics import Topics
from shared.log import Partition, Retention, Sink, Source

log = structlog.get_logger()


class KafkaLog:
    """`shared.log.Log` on an Apache Kafka cluster (2.4 or later). Use it as a context manager.

    `retention` is what `create_topics` gives each topic, for ever by default.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        clock: Clock | None = None,
        retention: Mapping[str, Retention] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._retention = retention or {}
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._topics: Topics | None = None
        self._asker: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        topics = await self._open_topics()
        async with _bounded(self._settings.request):
            await topics.create(partitions, self._settings.replicas)

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        supervisor = Supervisor(self._settings)
        sink = KafkaSink(supervisor, self._clock, self._settings.append)
        try:
            yield sink
        finally:
            await sink.flush()
            await supervisor.close()

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Source]:
        options = self._settings.member(group)
        async with self._consumer(options) as consumer:
            member = KafkaMember(consumer, self._settings.handover, self._settings.request)
            consumer.subscribe(topics, listener=member)
            try:
                yield member
            finally:
                await member.close()

    @asynccontextmanager
    async def read(self, positions: Mapping[Partition, int]) -> AsyncIterator[Source]:
        await self._check(positions)
        async with self._consumer(self._settings.consumer()) as consumer:
            yield KafkaReader(consumer, positions)

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        await self._check(partitions)
        asked = [TopicPartition(*partition) for partition in partitions]
        asker = await self._open_asker()
        async with _bounded(self._settings.request):
            firsts = await asker.beginning_offsets(asked)
            ends = await asker.end_offsets(asked)
        return {Partition(*partition): (firsts[partition], ends[partition]) for partition in asked}

    async def _check(self, partitions: Sequence[Partition] | Mapping[Partition, int]) -> None:
        topics = await self._open_topics()
        async with _bounded(self._settings.request):
            counts = await topics.partitions(partition.topic for partition in partitions)
        if unknown := [p for p in partitions if p.number >= counts[p.topic]]:
            raise LogUnavailable(f"no such partition: {unknown}")

    async def _open_topics(self) -> Topics:
        async with self._opening:
            if self._topics is None:
                admin = await self._stack.enter_async_context(self._admin())
                self._topics = Topics(admin, self._retention)
        return self._topics

    async def _open_asker(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._asker is None:
                consumer = self._consumer(self._settings.consumer())
                self._asker = await self._stack.enter_async_context(consumer)
        return self._asker

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(**self._settings.client())
        try:
            async with _bounded(self._settings.connect):
                await admin.start()
            yield admin
        finally:
            await admin.close()

    @asynccontextmanager
    async def _consumer(self, options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
        """A started consumer, stopped in bounded time."""
        consumer = AIOKafkaConsumer(**options)
        try:
            async with _bounded(self._settings.connect):
                await consumer.start()
                await asyncio.sleep(0)  # its stop() trips over a task that has not begun
            yield consumer
        finally:
            await self._stop(consumer)

    async def _stop(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async with asyncio.timeout(self._settings.stop):
                await consumer.stop()
        except Exception as error:  # noqa: BLE001 - the connections have to be closed in any case
            log.warning("consumer_stop_failed", reason=type(error).__name__)
        finally:
            await consumer._client.close()  # noqa: SLF001 - there is no public way


@asynccontextmanager
async def _bounded(seconds: float) -> AsyncIterator[None]:
    """Raises LogUnavailable instead of the driver's errors, and when it takes too long."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"{type(error).__name__}: {error}") from error
