"""One Kafka node: broker and controller in one process (KRaft combined mode)."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchbay.stack.errors import StackFailed
from patchbay.stack.process import ServerProcess
from patchbay.stack.runtime import Runtime

STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Node:
    """A node's id and its two loopback ports."""

    number: int
    port: int
    controller_port: int


class Broker:
    """A node that can be killed, paused and started again; it keeps its ports and its data."""

    def __init__(self, node: Node, nodes: Sequence[Node], runtime: Runtime, folder: Path) -> None:
        self.node = node
        self._runtime = runtime
        self._properties = folder / "server.properties"
        folder.mkdir()
        self._properties.write_text(_properties(node, nodes, folder / "data"))
        command = runtime.command("kafka.Kafka", str(self._properties))
        self._process = ServerProcess(f"Kafka node {node.number}", command, folder / "output.log")

    @property
    def number(self) -> int:
        """The node id, from 1."""
        return self.node.number

    @property
    def address(self) -> str:
        """host:port of its client listener."""
        return f"127.0.0.1:{self.node.port}"

    @property
    def running(self) -> bool:
        """Whether its process exists; a paused one does."""
        return self._process.running

    @property
    def pid(self) -> int:
        """Its process id. Raises StackFailed when it does not run."""
        return self._process.pid

    def format(self, cluster_id: str) -> None:
        """Prepare the empty data directory with Kafka's own tool. Raises StackFailed."""
        arguments = [f"--cluster-id={cluster_id}", "--config", str(self._properties)]
        result = subprocess.run(  # noqa: S603 - our own command line
            self._runtime.command("kafka.tools.StorageTool", "format", *arguments),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFailed(f"Kafka's storage was not formatted\n{result.stderr}")

    def spawn(self) -> None:
        """Start its process without waiting for it to be ready."""
        self._process.spawn()

    def kill(self) -> None:
        """kill -9: nothing is flushed, nobody is told."""
        self._process.kill()

    def pause(self) -> None:
        """Hang it: connections stay open, nothing is answered."""
        self._process.pause()

    def resume(self) -> None:
        """Let a paused one go on. Harmless when it was not paused."""
        self._process.resume()

    async def stop(self, grace: float = STOP_SECONDS) -> bool:
        """Shut it down in order, or by force after `grace` seconds; say whether order was kept."""
        return await self._process.stop(grace)

    def tail(self) -> str:
        """The last lines it logged."""
        return self._process.tail()


def _properties(node: Node, nodes: Sequence[Node], data: Path) -> str:
    voters = ",".join(f"{each.number}@127.0.0.1:{each.controller_port}" for each in nodes)
    copies = min(3, len(nodes))
    in_sync = 2 if copies > 2 else 1
    values = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": (
            f"CLIENT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}"
        ),
        "advertised.listeners": f"CLIENT://127.0.0.1:{node.port}",
        "inter.broker.listener.name": "CLIENT",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 3,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 3,
        "group.initial.rebalance.delay.ms": 0,
        # A killed node is missed, and let in again, only after this time (default: 9 s).
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # The default buffer alone would take a third of the small heap.
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
