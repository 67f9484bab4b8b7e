"""Topics on the cluster: creating them, and what they look like."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from shared.clock import SystemClock
from shared.errors import LogUnavailable
from shared.log import Retention

# Three replicas of which two have acknowledged: one broker may be lost without losing a record.
_REPLICAS = 3
_POLL = 0.05


class Topics:
    """Asks and changes the cluster through its admin protocol."""

    def __init__(self, admin: AIOKafkaAdminClient, retention: Mapping[str, Retention]) -> None:
        self._admin = admin
        self._retention = retention
        self._clock = SystemClock()

    async def partitions(self, topics: Iterable[str]) -> dict[str, int]:
        """How many partitions each topic has that all have a leader; 0 for an unknown topic."""
        names = sorted(set(topics))
        described = await self._ask(self._admin.describe_topics, names) if names else []
        counts = dict.fromkeys(names, 0)
        for topic in described:
            led = [p for p in topic["partitions"] if p["leader"] >= 0]
            counts[topic["topic"]] = len(led)
        return counts

    async def create(self, partitions: Mapping[str, int], replicas: int | None) -> None:
        """Make sure that the topics have that many partitions, each with a leader."""
        if replicas is None:
            cluster = await self._ask(self._admin.describe_cluster)
            replicas = min(_REPLICAS, len(cluster["brokers"]))
        existing = await self.partitions(partitions)
        missing = [self._topic(t, n, replicas) for t, n in partitions.items() if not existing[t]]
        if missing:
            _check(await self._ask(self._admin.create_topics, missing), "topic_errors")
        growing = {t: NewPartitions(n) for t, n in partitions.items() if 0 < existing[t] < n}
        if growing:
            _check(await self._ask(self._admin.create_partitions, growing), "topic_errors")
        while any(
            count < partitions[topic]
            for topic, count in (await self.partitions(partitions)).items()
        ):
            await self._clock.sleep(_POLL)

    async def _ask(self, request: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """The driver asks any one broker, which may be the one that is down: then another one.

        Goes on until the caller's time is over.
        """
        while True:
            try:
                return await request(*arguments)
            except KafkaError as error:
                if not error.retriable:
                    raise
            await self._clock.sleep(_POLL)

    def _topic(self, name: str, partitions: int, replicas: int) -> NewTopic:
        retention = self._retention.get(name, Retention())
        age = retention.milliseconds
        config = {
            "cleanup.policy": "compact" if retention.compacted else "delete",
            "retention.ms": "-1" if age is None else str(age),
            "min.insync.replicas": str(max(1, replicas - 1)),
            "unclean.leader.election.enable": "false",
        }
        return NewTopic(name, partitions, replicas, topic_configs=config)


def _check(response: Any, field: str) -> None:
    """Raises LogUnavailable for the first topic that was refused; one that exists is fine."""
    for name, code, *_ in getattr(response, field):
        error = for_code(code)
        if error not in {NoError, TopicAlreadyExistsError}:
            raise LogUnavailable(f"{name}: {error.__name__}")
