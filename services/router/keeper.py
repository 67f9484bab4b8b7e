"""Keep the versions of the rules for longer than the record: from `routing` to topic `rules`."""

from services.router.metrics import EFFECTS
from shared.events.routing import Decision, ShardOwned
from shared.log import Partition, Record, Sink
from shared.record import Fence, standing_at
from shared.topics import RULES
from shared.versions import RulesBook, entry, kept


class Keeper:
    """Takes the records of `routing`, of each partition in order; one may come again.

    What an owner wrote who had been replaced is no version. Where reading begins that cannot be
    told for the very first record; then the epoch in the version's key decides.
    """

    def __init__(self, sink: Sink, book: RulesBook, shards: int) -> None:
        self._sink = sink
        self._book = book
        self._shards = shards
        self._fences: dict[Partition, Fence] = {}
        self._judged: dict[Partition, tuple[int, bool]] = {}

    async def take(self, record: Record, data: ShardOwned | Decision) -> None:
        """Write down the versions that a valid decision made. Raises LogUnavailable."""
        if not self._counts(record, data) or isinstance(data, ShardOwned):
            return
        for said in kept(data):
            EFFECTS.labels("keep_rules").inc()
            partition = RULES.partition(said.workspace, "", self._shards)
            await self._sink.append(partition, entry(said))
            self._book.take(said)

    def _counts(self, record: Record, data: ShardOwned | Decision) -> bool:
        """Is it valid? A record that is tried again is judged as it was before."""
        partition, offset = record.partition, record.offset
        last, verdict = self._judged.get(partition, (-1, False))
        if offset == last:
            return verdict
        if partition not in self._fences or offset < last:
            self._fences[partition] = Fence(standing_at(offset))
        verdict = self._fences[partition].admits(data)
        self._judged[partition] = (offset, verdict)
        return verdict
