"""Facts from shops and carriers: the same way in as a channel's, to the topic `commerce`."""

from datetime import datetime

from services.ingest import metrics
from services.ingest.receive import Receiver
from services.ingest.records import Draft
from shared.channels import HttpReply, HttpRequest, Skipped, Unprocessed
from shared.commerce import Fact
from shared.commerce.registry import SOURCES
from shared.config.models import CommerceSource
from shared.topics import COMMERCE


async def receive_commerce(
    receiver: Receiver, source: CommerceSource, request: HttpRequest, now: datetime
) -> HttpReply:
    """Take a shop's webhook. Raises SignatureInvalid, PayloadInvalid or LogUnavailable."""
    adapter = SOURCES[source.source]
    secret = adapter.verify(request, source, now)
    metrics.signed_with("commerce", secret).inc()
    drafts: list[Draft] = []
    for item in adapter.parse(request, source, now):
        if isinstance(item, Fact):
            drafts.append(_fact(receiver, source, item, now))
        elif isinstance(item, Unprocessed):
            origin = f"webhook/commerce/{source.name}"
            drafts.append(receiver.recorder.dead(origin, source.workspace, item, now))
        elif isinstance(item, Skipped):
            metrics.items("commerce", "skipped").inc()
    await receiver.publish("commerce", drafts, spool=False)
    return HttpReply(200)


def _fact(receiver: Receiver, source: CommerceSource, fact: Fact, now: datetime) -> Draft:
    key = f"{source.workspace}/{fact.key}"
    return receiver.recorder.event(
        COMMERCE, source.workspace, key, fact.event.id, fact.event, now, "commerce"
    )
