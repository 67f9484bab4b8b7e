"""Is a broker ready? Asked the way its clients ask."""

import asyncio
from contextlib import suppress

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

_ANSWER_MS = 5000


async def known_brokers(port: int) -> frozenset[int]:
    """The ids of the brokers that the one on `port` knows to be alive; empty if it is silent."""
    if not await _listens(port):
        return frozenset()
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=_ANSWER_MS)
    try:
        await client.bootstrap()
        return frozenset(broker.nodeId for broker in client.cluster.brokers())
    except KafkaError:
        return frozenset()
    finally:
        await client.close()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
