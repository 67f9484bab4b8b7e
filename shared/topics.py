"""The one table: topic → what it holds → how it is partitioned and kept."""

from dataclasses import dataclass
from typing import Literal

from shared.events.alerts import AlertPlanned, AlertReported, AlertSettled
from shared.events.base import Event
from shared.events.commands import COMMANDS
from shared.events.commerce import OrderChanged, ShipmentChanged, StockChanged
from shared.events.dead import DeadLetter
from shared.events.envelope import Decoder
from shared.events.inbound import CustomerEvent
from shared.events.outbound import Attempted, OutboundMessage, Outcome, Receipt
from shared.events.preferences import Preference
from shared.events.routing import Decision, ShardOwned, Snapshot
from shared.events.rules import RulesTrialEnded, RulesVersion
from shared.ids import shard_of
from shared.log import Partition


@dataclass(frozen=True, slots=True)
class Topic:
    """`by` says whose shard a record goes to: the workspace's, or its own key's.

    `retention_days` is how long records are kept; a compacted topic keeps the last per key.
    """

    name: str
    holds: tuple[type[Event], ...]
    by: Literal["workspace", "key"]
    retention_days: int
    compacted: bool = False

    def partition(self, workspace: str, key: str, shards: int) -> Partition:
        """Where a record of this workspace and key goes, with `shards` partitions."""
        return Partition(self.name, shard_of(workspace if self.by == "workspace" else key, shards))

    def decoder(self) -> Decoder:
        """A decoder for every event class this topic may hold."""
        return Decoder(self.holds)


INBOUND = Topic("inbound", (CustomerEvent,), "workspace", 14)
COMMANDS_TOPIC = Topic("commands", COMMANDS, "workspace", 14)
ROUTING = Topic("routing", (ShardOwned, Decision), "workspace", 30)
SNAPSHOTS = Topic("routing-snapshots", (Snapshot,), "workspace", 30, compacted=True)
OUTBOUND = Topic("outbound", (OutboundMessage,), "key", 14)
DELIVERIES = Topic("deliveries", (Attempted, Outcome, Receipt), "key", 30)
COMMERCE = Topic(
    "commerce",
    (ShipmentChanged, OrderChanged, StockChanged, AlertPlanned, AlertReported, AlertSettled),
    "key",
    30,
)
PREFERENCES = Topic("preferences", (Preference,), "workspace", 3650, compacted=True)
RULES = Topic("rules", (RulesVersion, RulesTrialEnded), "workspace", 3650, compacted=True)
DEAD_LETTERS = Topic("dead-letters", (DeadLetter,), "key", 90)

TOPICS = {
    topic.name: topic
    for topic in (
        INBOUND,
        COMMANDS_TOPIC,
        ROUTING,
        SNAPSHOTS,
        OUTBOUND,
        DELIVERIES,
        COMMERCE,
        PREFERENCES,
        RULES,
        DEAD_LETTERS,
    )
}
