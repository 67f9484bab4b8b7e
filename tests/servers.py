"""Real servers for fixtures of any scope. Where one cannot run, its tests are left out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from patchbay.stack import KafkaCluster, RedisServer, ToolMissing, running_kafka, running_redis
from tests.requirements import leave_out


@asynccontextmanager
async def kafka(brokers: int) -> AsyncIterator[KafkaCluster]:
    """A cluster of its user's own."""
    try:
        async with running_kafka(brokers) as cluster:
            yield cluster
    except ToolMissing as missing:
        leave_out(missing.tool, missing.package)


@asynccontextmanager
async def redis() -> AsyncIterator[RedisServer]:
    """A Redis of its user's own."""
    try:
        async with running_redis() as server:
            yield server
    except ToolMissing as missing:
        leave_out(missing.tool, missing.package)
