"""An owner of a shard that decides what a test tells it to."""

from datetime import UTC, datetime
from typing import Any

from shared.events.base import Event
from shared.events.envelope import Envelope, encode
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.outbound import OutboundMessage
from shared.events.routing import Decision, ShardOwned
from shared.ids import new_id
from shared.log import Entry, Log, Partition, Sink
from shared.topics import DELIVERIES, INBOUND, OUTBOUND, ROUTING, Topic

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)


class Owner:
    """Appends to one shard's record as its owner does."""

    def __init__(self, sink: Sink, workspace: str, shards: int) -> None:
        self._sink = sink
        self._workspace = workspace
        self._shards = shards
        self.epoch = 0
        self.seq = 0
        self.inbound = 0
        self.partition_end = 0

    @property
    def partition(self) -> Partition:
        return ROUTING.partition(self._workspace, "", self._shards)

    async def own(self, epoch: int | None = None) -> int:
        """Take the shard over; a lower epoch than the last one is a zombie's."""
        epoch = self.epoch + 1 if epoch is None else epoch
        self.epoch = max(self.epoch, epoch)
        return await self._append(
            self.partition, "", ShardOwned(epoch=epoch, instance="test", at=NOW_MS)
        )

    async def decide(self, *events: Any, cause: str = "timer", workspace: str | None = None) -> int:
        """Record one decision and return its offset; `workspace` is another of the same shard."""
        self.seq += 1
        return await self.record(self.epoch, self.seq, cause, *events, workspace=workspace)

    async def record(
        self, epoch: int, seq: int, cause: str, *events: Any, workspace: str | None = None
    ) -> int:
        """Record a decision with an epoch and a number of one's own: void ones, for example."""
        decision = Decision(
            epoch=epoch,
            seq=seq,
            at=NOW_MS,
            workspace=workspace or self._workspace,
            cause=cause,
            inbound=self.inbound,
            commands=0,
            events=events,
        )
        return await self._append(self.partition, "", decision)

    async def receive(self, event: CustomerEvent) -> int:
        """Append what a customer did, as ingest does."""
        offset = await self.append(INBOUND, event.conversation_key, event, event.id)
        self.inbound = offset + 1
        return offset

    async def send(self, message: OutboundMessage) -> int:
        """Append a message of ours."""
        return await self.append(OUTBOUND, message.conversation_key, message, message.id)

    async def deliver(self, key: str, event: Event) -> int:
        """Append what became of a message."""
        return await self.append(DELIVERIES, key, event)

    async def append(self, topic: Topic, key: str, event: Event, name: str | None = None) -> int:
        partition = topic.partition(self._workspace, key, self._shards)
        return await self._append(partition, key, event, name)

    async def _append(
        self, partition: Partition, key: str, event: Event, name: str | None = None
    ) -> int:
        envelope = Envelope(name or new_id("evt"), "/patchbay/test", NOW, event)
        offset = await self._sink.append(partition, Entry(key.encode() or b"0", encode(envelope)))
        if partition == self.partition:
            self.partition_end = offset + 1
        return offset


def said(workspace: str, key: str, number: int, **changes: Any) -> CustomerEvent:
    """A WhatsApp message of a customer; `changes` are fields of the action."""
    action: dict[str, Any] = {
        "kind": "message",
        "sender": Sender(address=f"address-{key}", name="Nadia"),
        "occurred_at": NOW,
        "provider_id": f"wamid.{number}",
        "text": f"text {number}",
    }
    return CustomerEvent(
        id=f"wa:wamid.{key}.{number}",
        workspace=workspace,
        channel="whatsapp",
        account="wa",
        conversation_key=key,
        received_at=NOW,
        action=Action.model_validate({**action, **changes}),
    )


async def ends(log: Log, shards: int) -> dict[Partition, int]:
    """The next offset of every partition that the view reads."""
    partitions = [
        Partition(topic.name, number)
        for topic in (ROUTING, INBOUND, OUTBOUND, DELIVERIES)
        for number in range(shards)
    ]
    return {p: end for p, (_, end) in (await log.bounds(partitions)).items()}
