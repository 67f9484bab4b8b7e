"""How Kafka is reached, and how long it may take. aiokafka's defaults are not safe: see below."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.log import MAX_APPEND_BYTES


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """All times in seconds.

    `servers` is `host:port,host:port`. With `tls`, `ca_file` names the authorities to trust (the
    system's by default), `cert_file` and `key_file` the client's certificate. `username` turns SASL
    on. `replicas` is for `create_topics`: by default three, or as many as there are brokers.

    `append` is the deadline of one append, after which its outcome is unknown. A member of a group
    is expelled after `session` without a heartbeat; it has `handover` to finish what it has in
    hand of partitions that are moved, and `rebalance` to come back for new ones.
    """

    servers: str
    client_id: str = "patchbay"
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    replicas: int | None = None
    append: float = 10.0
    connect: float = 5.0
    request: float = 10.0
    stop: float = 5.0
    session: float = 10.0
    heartbeat: float = 3.0
    handover: float = 10.0
    rebalance: float = 30.0

    def client(self) -> dict[str, Any]:
        """What every client of the cluster is told."""
        protocol = ("SASL_" if self.username else "") + ("SSL" if self.tls else "PLAINTEXT")
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "client_id": self.client_id,
            "request_timeout_ms": _ms(self.request),
            "security_protocol": protocol,
        }
        if self.tls:
            options["ssl_context"] = self._ssl_context()
        if self.username:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def producer(self) -> dict[str, Any]:
        """Acknowledged by all in-sync replicas, and a retry never doubles a record.

        Batches are packed by us; the limit here only has to let the largest one pass.
        """
        return self.client() | {
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": "zstd",
            "linger_ms": 0,
            "max_batch_size": MAX_APPEND_BYTES + 1024,
        }

    def consumer(self) -> dict[str, Any]:
        """Nothing is committed for us, and nothing is skipped: a new group starts at the beginning.

        A partition's fetch is large enough for the largest batch, and an idle fetch returns soon:
        aiokafka leaves partitions out of a fetch while an earlier one waits on the same broker. Not
        too soon: every fetch names every partition, and an idle cluster pays for all of them.
        """
        return self.client() | {
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "max_partition_fetch_bytes": 2 * MAX_APPEND_BYTES,
            "fetch_max_wait_ms": 250,
        }

    def member(self, group: str) -> dict[str, Any]:
        """A member of a group. Ranges give equal partition numbers of all topics to one member."""
        return self.consumer() | {
            "group_id": group,
            "partition_assignment_strategy": [RangePartitionAssignor],
            "session_timeout_ms": _ms(self.session),
            "heartbeat_interval_ms": _ms(self.heartbeat),
            "rebalance_timeout_ms": _ms(self.rebalance),
        }

    def _ssl_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
