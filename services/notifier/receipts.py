"""What follows from a record of `deliveries`: reports to an alert's facts, a doubt corrected late.

Pure. A receipt about a call still in doubt needs nothing here: its message is in hand and woken.
"""

from collections.abc import Iterator

from services.notifier.ledger import Delivery, Entry, Ledger
from shared.events.alerts import AlertReported
from shared.events.outbound import Attempted, Outcome, Receipt


def reports(ledger: Ledger, event: Delivery) -> Iterator[tuple[str, AlertReported]]:
    """What the alert's owner must hear, with the record key of the alert's facts."""
    if isinstance(event, Attempted):
        return
    if isinstance(event, Outcome):
        entry = ledger.get(event.message_id)
        if event.final and entry is not None:
            yield from _report(event.message_id, entry, event)
        return
    if event.status != "sent":
        for message_id, entry, _ in ledger.about(event):
            yield from _report(message_id, entry, event)


def _report(
    message_id: str, entry: Entry, event: Outcome | Receipt
) -> Iterator[tuple[str, AlertReported]]:
    if entry.alert is None or entry.customer is None:
        return
    report = AlertReported(
        workspace=event.workspace,
        alert=entry.alert,
        message_id=message_id,
        outcome=entry.final,
        status=entry.status,
        code=event.code,
    )
    yield entry.customer, report


def corrections(ledger: Ledger, event: Delivery) -> Iterator[Outcome]:
    """A receipt proves that a message given up as unknown was taken: say so."""
    if not isinstance(event, Receipt) or event.status == "failed":
        return
    for message_id, entry, number in ledger.about(event):
        part = entry.parts[number]
        if entry.final == "unknown" and part.outcome != "accepted":
            yield Outcome(
                message_id=message_id,
                workspace=event.workspace,
                channel=event.channel,
                account=event.account,
                conversation_key=entry.key,
                conversation_id=entry.conversation,
                attempt=part.attempt,
                part=number,
                kind="accepted",
                final=True,
                provider_id=event.provider_id,
                reason="A receipt shows that the customer has it.",
                alert_id=entry.alert,
                customer=entry.customer,
            )
