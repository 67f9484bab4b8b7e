"""What follows from `deliveries` for others: written once the ledger has seen the record."""

from services.notifier import metrics
from services.notifier.ledger import Delivery, Ledger
from services.notifier.receipts import corrections, reports
from services.notifier.writer import SOURCE
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.events.envelope import Envelope, encode
from shared.events.outbound import Outcome, Receipt
from shared.ids import derived_id
from shared.log import Entry, Partition, Sink
from shared.topics import COMMERCE, DELIVERIES


class Echoes:
    """Appends reports about alerts to their facts, and corrections of outcomes given up."""

    def __init__(self, sink: Sink, clock: Clock, shards: int) -> None:
        self._sink = sink
        self._clock = clock
        self._shards = shards

    async def of(self, ledger: Ledger, number: int, event: Delivery) -> None:
        """Raises LogUnavailable; harmless when run twice."""
        if isinstance(event, Receipt):
            _count(ledger, event)
        for key, report in reports(ledger, event):
            identity = derived_id("rep", report.message_id, str(report.outcome), str(report.status))
            envelope = Envelope(identity, SOURCE, self._clock.now(), report, subject=key)
            partition = COMMERCE.partition(report.workspace, key, self._shards)
            await self._sink.append(partition, Entry(key.encode(), encode(envelope)))
        for outcome in corrections(ledger, event):
            metrics.DOUBTS.labels(_channel(outcome), "corrected").inc()
            await self._correct(number, outcome)

    async def _correct(self, number: int, outcome: Outcome) -> None:
        key = outcome.conversation_key
        identity = f"{outcome.message_id}:{outcome.part}:{outcome.attempt}:corrected"
        envelope = Envelope(identity, SOURCE, self._clock.now(), outcome, subject=key)
        entry = Entry(key.encode(), encode(envelope))
        await self._sink.append(Partition(DELIVERIES.name, number), entry)


def _count(ledger: Ledger, receipt: Receipt) -> None:
    known = any(True for _ in ledger.about(receipt))
    labels = (_channel(receipt), receipt.status, "yes" if known else "no")
    metrics.RECEIPTS.labels(*labels).inc()


def _channel(event: Outcome | Receipt) -> str:
    return event.channel if event.channel in CHANNELS else "none"
