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
from shared.events.routing import Decision, ShardOwned
from shared.log import Partition, Record
from shared.record import Fence
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
    """A record of one workspace that counts."""

    workspace: str
    placed: Placed[Any]


def read(records: Iterable[Record], fence: Fence) -> list[Mine]:
    """The records that count, of one partition in order; `fence` judges those of `routing`.

    One that cannot be read is the business of whoever acts on it.
    """
    found: list[Mine] = []
    for record in records:
        topic = record.partition.topic
        try:
            envelope = _DECODERS[topic].decode(record.value)
        except Undecodable as error:
            VIEW_RECORDS.labels(topic, "undecodable").inc()
            _LOG.warning(
                "view_record_undecodable",
                topic=topic,
                partition=record.partition.number,
                offset=record.offset,
                reason=str(error),
            )
            continue
        data = envelope.data
        if isinstance(data, ShardOwned | Decision) and not fence.admits(data):
            VIEW_RECORDS.labels(topic, "void").inc()
        elif not isinstance(data, ShardOwned):
            at = milliseconds(envelope.time)
            found.append(Mine(data.workspace, Placed(data, record.offset, at, fence.standing)))
    return found


def by_partition(records: Sequence[Record]) -> dict[Partition, list[Record]]:
    """The records of each partition, in their order."""
    groups: dict[Partition, list[Record]] = {}
    for record in records:
        groups.setdefault(record.partition, []).append(record)
    return groups
