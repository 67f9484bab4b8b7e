from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.ingest.receive import Receiver
from services.ingest.records import Draft
from shared.clock import ManualClock
from shared.errors import LogUnavailable, PatchbayError, RecordTooLarge
from shared.log import Entry, Partition


class Index:
    """What is remembered as published, and whether that is in doubt."""

    def __init__(self) -> None:
        self.marked: list[str] = []
        self.doubted = False

    async def among(self, ids: Sequence[str]) -> frozenset[str]:
        return frozenset(ids) & frozenset(self.marked)

    async def mark(self, ids: Sequence[str]) -> None:
        self.marked += ids

    def doubt(self) -> None:
        self.doubted = True


class Sink:
    """Takes everything but what is for one topic."""

    def __init__(self, refused: str, error: PatchbayError) -> None:
        self._refused = refused
        self._error = error
        self.taken: list[bytes] = []

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        if partition.topic == self._refused:
            raise self._error
        self.taken += [entry.value for entry in entries]
        return 0


def _receiver(index: Index, sink: Sink) -> Receiver:
    unused: Any = None
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    return Receiver(unused, cast("Any", index), cast("Any", sink), unused, unused, clock)


def _draft(name: str, topic: str) -> Draft:
    return Draft(name, Partition(topic, 0), Entry(b"k", name.encode()), "published")


@pytest.mark.parametrize(
    ("error", "doubted"), [(LogUnavailable("away"), True), (RecordTooLarge("big"), False)]
)
async def test_what_is_in_the_log_is_remembered_whatever_became_of_the_rest(
    error: PatchbayError, doubted: bool
) -> None:
    index, sink = Index(), Sink("deliveries", error)
    drafts = [_draft("r", "deliveries"), _draft("m1", "inbound"), _draft("m2", "inbound")]
    with pytest.raises(type(error)):
        await _receiver(index, sink).publish("whatsapp", drafts, spool=False)
    assert sink.taken == [b"m1", b"m2"]
    assert index.marked == ["m1", "m2"]
    assert index.doubted == doubted


async def test_the_redelivery_of_a_half_published_request_publishes_the_other_half() -> None:
    index, sink = Index(), Sink("deliveries", LogUnavailable("away"))
    drafts = [_draft("m", "inbound"), _draft("r", "deliveries")]
    with pytest.raises(LogUnavailable):
        await _receiver(index, sink).publish("whatsapp", drafts, spool=False)
    healed = Sink("nothing", LogUnavailable())
    await _receiver(index, healed).publish("whatsapp", drafts, spool=False)
    assert (sink.taken, healed.taken) == ([b"m"], [b"r"])
