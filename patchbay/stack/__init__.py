"""Real servers for development and tests: Apache Kafka and Valkey, as own processes on loopback.

Nothing here is for production. Data lives in a temporary directory and goes with the process that
started the servers, whichever way that process ends.
"""

from patchbay.stack.cluster import KafkaCluster, prepare_kafka, running_kafka
from patchbay.stack.errors import StackFailed, ToolMissing
from patchbay.stack.redis_server import RedisServer, running_redis

__all__ = [
    "KafkaCluster",
    "RedisServer",
    "StackFailed",
    "ToolMissing",
    "prepare_kafka",
    "running_kafka",
    "running_redis",
]
