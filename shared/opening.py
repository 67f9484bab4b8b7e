"""Open what a setting names: the log behind `PATCHBAY_LOG`, and everything a service is given."""

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from shared.cache import open_cache
from shared.clock import Clock, SystemClock
from shared.config.load import load
from shared.errors import ConfigurationInvalid
from shared.log import Log, Retention
from shared.probes import private_listener
from shared.service import Deps, Probes
from shared.settings import KafkaAccess, ServiceSettings, read_settings
from shared.sqlite import SqliteLog
from shared.topics import TOPICS


def retention() -> dict[str, Retention]:
    """How long each topic's records are kept, for a log that does it by itself."""
    return {
        name: Retention(topic.retention_days * 86_400_000, topic.compacted)
        for name, topic in TOPICS.items()
    }


@asynccontextmanager
async def open_log(url: str, clock: Clock, shards: int) -> AsyncIterator[Log]:
    """`sqlite:///path`, `memory:` or `kafka://host:port,…`.

    An embedded log gets its topics here; on Kafka they belong to whoever runs the cluster
    (`patchbay topics create`). Raises ConfigurationInvalid for another address.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "kafka":
        # An embedded Patchbay never loads the Kafka client.
        from shared.kafka import KafkaLog, KafkaSettings  # noqa: PLC0415

        access = read_settings(KafkaAccess).model_dump()
        kafka_settings = KafkaSettings(servers=rest.removeprefix("//"), **access)
        async with KafkaLog(kafka_settings, clock=clock, retention=retention()) as kafka:
            yield kafka
    elif scheme in ("sqlite", "memory"):
        path = ":memory:" if scheme == "memory" else rest.removeprefix("///")
        async with SqliteLog(path, clock=clock, retention=retention()) as log:
            await log.create_topics(dict.fromkeys(TOPICS, shards))
            yield log
    else:
        raise ConfigurationInvalid(
            f"PATCHBAY_LOG is {url!r}: write sqlite:///path or kafka://host:port"
        )


@asynccontextmanager
async def open_deps(
    settings: ServiceSettings,
    environ: Mapping[str, str],
    role: str,
    listening: Callable[[str, int], None],
) -> AsyncIterator[Deps]:
    """Everything a service is given, closed in reverse order. Raises ConfigurationInvalid."""
    config = load(settings.config, environ)
    clock = SystemClock()
    probes = Probes()
    instance = settings.instance or f"{role}-{socket.gethostname()}-{os.getpid()}"
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(
            private_listener(probes, settings.private_host, settings.private_port)
        )
        listening("private", port)
        log = await stack.enter_async_context(open_log(settings.log, clock, settings.shards))
        redis = open_cache(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        yield Deps(log, redis, clock, config, settings.shards, instance, probes, listening)
