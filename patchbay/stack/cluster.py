"""A Kafka cluster on loopback: one node, or three that replicate."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from patchbay.stack.broker import STOP_SECONDS, Broker, Node
from patchbay.stack.errors import StackFailed
from patchbay.stack.ports import free_ports
from patchbay.stack.readiness import known_brokers
from patchbay.stack.runtime import Runtime, prepare
from patchbay.stack.settings import StackSettings
from patchbay.stack.workspace import workspace
from shared.clock import Clock, SystemClock

_READY_SECONDS = 60.0
_POLL = 0.05
_LAST_NODE_GRACE = 1.0
_REHEARSAL_GRACE = 120.0  # writing the class archive takes seconds, on a busy machine many


class KafkaCluster:
    """Brokers that can be killed, paused and started again one by one.

    Replication is 3 with min ISR 2 on three nodes, else 1. Topics are not created by themselves.
    """

    def __init__(self, runtime: Runtime, folder: Path, brokers: int) -> None:
        ports = free_ports(2 * brokers)
        nodes = [Node(i + 1, ports[2 * i], ports[2 * i + 1]) for i in range(brokers)]
        self.brokers = tuple(
            Broker(node, nodes, runtime, folder / f"node-{node.number}") for node in nodes
        )
        self._clock: Clock = SystemClock()

    @property
    def servers(self) -> str:
        """The bootstrap servers, comma-separated."""
        return ",".join(broker.address for broker in self.brokers)

    async def start(self) -> None:
        """Format the empty data directories, start every node and wait until all are ready."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().strip("=")
        formatting = (asyncio.to_thread(broker.format, cluster_id) for broker in self.brokers)
        await asyncio.gather(*formatting)
        for broker in self.brokers:
            broker.spawn()
        await self.wait_ready()

    async def restart(self, broker: Broker) -> None:
        """Start a killed or stopped node on its old data and wait until all that run are ready."""
        broker.spawn()
        await self.wait_ready()

    async def heal(self) -> None:
        """Undo every fault: resume what is paused, start what is down, wait until all are ready."""
        for broker in self.brokers:
            if broker.running:
                broker.resume()
            else:
                broker.spawn()
        await self.wait_ready()

    async def wait_ready(self, timeout: float = _READY_SECONDS) -> None:
        """Wait until every running node answers and knows all running nodes.

        Raises StackFailed after `timeout` seconds, or as soon as one of their processes ends.
        """
        running = [broker for broker in self.brokers if broker.running]
        deadline = self._clock.monotonic() + timeout
        while not await _all_ready(running):
            ended = [broker.number for broker in running if not broker.running]
            if ended or self._clock.monotonic() > deadline:
                what = f"nodes {ended} ended" if ended else f"no answer after {timeout:g} s"
                tails = "\n".join(broker.tail() for broker in running)
                raise StackFailed(f"Kafka is not ready: {what}\n{tails}")
            await self._clock.sleep(_POLL)

    async def stop(self) -> None:
        """Stop one node after the other; the last has no quorum to say goodbye to."""
        *first, last = self.brokers
        for broker in first:
            await broker.stop()
        await last.stop(_LAST_NODE_GRACE if first else STOP_SECONDS)


async def prepare_kafka() -> Runtime:
    """Fetch Kafka and train its class archive, if that was not done before on this machine.

    Raises ToolMissing (Java or Maven) or StackFailed.
    """
    return await prepare(StackSettings(), _rehearse)


@asynccontextmanager
async def running_kafka(brokers: int = 1) -> AsyncIterator[KafkaCluster]:
    """A fresh cluster that is ready; leaving it stops the nodes and removes their data.

    The first call on a machine takes a minute, see `prepare_kafka`, which also says what it raises.
    """
    runtime = await prepare_kafka()
    async with _running(runtime, brokers) as cluster:
        yield cluster


@asynccontextmanager
async def _running(runtime: Runtime, brokers: int) -> AsyncIterator[KafkaCluster]:
    with workspace("kafka") as folder:
        cluster = KafkaCluster(runtime, folder, brokers)
        try:
            await cluster.start()
            yield cluster
        finally:
            await cluster.stop()


async def _rehearse(runtime: Runtime) -> bool:
    async with _running(runtime, 1) as cluster:
        return await cluster.brokers[0].stop(_REHEARSAL_GRACE)


async def _all_ready(brokers: Sequence[Broker]) -> bool:
    expected = frozenset(broker.number for broker in brokers)
    answers = await asyncio.gather(*(known_brokers(broker.node.port) for broker in brokers))
    return all(answer == expected for answer in answers)
