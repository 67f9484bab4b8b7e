"""From records to batches: whose they are, and whether they count. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from services.router.metrics import VIEW_RECORDS
from services.router.view.deliveries import DELIVERIES_FOLD
from services.router.view.messages import INBOUND_FOLD, OUTBOUND_FOLD
from services.router.view.routing import ROUTING_FOLD
from services.router.view.sheet import Fold, Placed
from shared.clock import milliseconds
from shared.errors import Undecodable
from shared.events.routing import ShardOwned
from shared.log import Partition, Record
from shared.topics import DELIVERIES, INBOUND, OUTBOUND, ROUTING, Topic

_LOG = structlog.get_logger(__name__)

SOURCES: tuple[Topic, ...] = (ROUTING, INBOUND, OUTBOUND, DELIVERIES)
FOLDS: Mapping[str, Fold[Any]] = {
    ROUTING.name: ROUTING_FOLD,
    INBOUND.name: INBOUND_FOLD,
    OUTBOUND.name: OUTBOUND_FOLD,
    DELIVERIES.name: DELIVERIES_FOLD,
}
_DECODERS = {topic.name: topic.decoder() for topic in SOURCES}


@dataclass(frozen=True, slots=True)
class Mine:
    """A record of one workspace."""

    workspace: str
    placed: Placed[Any]


@dataclass(frozen=True, slots=True)
class Owned:
    """A record that concerns every workspace of the shard."""

    placed: Placed[ShardOwned]


def read(records: Iterable[Record]) -> list[Mine | Owned]:
    """The records that can be read; others are the business of whoever acts on them."""
    found: list[Mine | Owned] = []
    for record in records:
        try:
            envelope = _DECODERS[record.partition.topic].decode(record.value)
        except Undecodable as error:
            VIEW_RECORDS.labels(record.partition.topic, "undecodable").inc()
            _LOG.warning(
                "view_record_undecodable",
                topic=record.partition.topic,
                partition=record.partition.number,
                offset=record.offset,
                reason=str(error),
            )
            continue
        placed = Placed(envelope.data, record.offset, milliseconds(envelope.time))
        if isinstance(envelope.data, ShardOwned):
            found.append(Owned(placed))
        else:
            found.append(Mine(envelope.data.workspace, placed))
    return found


def by_partition(records: Sequence[Record]) -> dict[Partition, list[Record]]:
    """The records of each partition, in their order."""
    groups: dict[Partition, list[Record]] = {}
    for record in records:
        groups.setdefault(record.partition, []).append(record)
    return groups
