"""Writes what happened to messages into `deliveries`, and counts it."""

from datetime import datetime

import structlog

from services.notifier import metrics
from shared.channels import Outcome
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.errors import LogUnavailable
from shared.events import outbound as events
from shared.events.base import Event
from shared.events.envelope import Envelope, encode
from shared.events.outbound import OutboundMessage
from shared.log import Entry, Partition, Sink
from shared.topics import DELIVERIES

log = structlog.get_logger()

SOURCE = "/patchbay/notifier"
_AGAIN_SECONDS = 1.0


class DeliveryWriter:
    """Appends to the partition of `deliveries` that a message's `outbound` partition answers to."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock

    async def attempted(
        self, number: int, message: OutboundMessage, part: int, parts: int, attempt: int
    ) -> int:
        """We are about to call; the record's offset. Raises LogUnavailable: then do not call."""
        event = events.Attempted(
            message_id=message.id,
            workspace=message.workspace,
            channel=message.channel,
            account=message.account,
            conversation_key=message.conversation_key,
            conversation_id=message.conversation_id,
            attempt=attempt,
            part=part,
            parts=parts,
        )
        return await self._append(number, message, event, f"{message.id}:{part}:{attempt}:attempt")

    async def outcome(
        self,
        number: int,
        message: OutboundMessage,
        part: int,
        attempt: int,
        outcome: Outcome,
        *,
        final: bool,
        retry_at: datetime | None = None,
    ) -> int:
        """What became of an attempt; the record's offset. Tries until the log has it: the call was
        made, and only this record says so."""
        event = _event(message, part, attempt, outcome, final=final, retry_at=retry_at)
        identity = f"{message.id}:{part}:{attempt}:{outcome.kind}"
        while True:
            try:
                offset = await self._append(number, message, event, identity)
            except LogUnavailable:
                log.warning("outcome_not_written", message=message.id)
                await self._clock.sleep(_AGAIN_SECONDS)
                continue
            self._count(message, outcome, final=final)
            return offset

    async def _append(
        self, number: int, message: OutboundMessage, event: Event, identity: str
    ) -> int:
        key = message.conversation_key
        envelope = Envelope(identity, SOURCE, self._clock.now(), event, subject=key)
        partition = Partition(DELIVERIES.name, number)
        return await self._sink.append(partition, Entry(key.encode(), encode(envelope)))

    def _count(self, message: OutboundMessage, outcome: Outcome, *, final: bool) -> None:
        channel = message.channel if message.channel in CHANNELS else "none"
        metrics.OUTCOMES.labels(channel, outcome.kind).inc()
        if final:
            metrics.SETTLED.labels(channel, outcome.kind).inc()
        if final and outcome.kind == "accepted":
            start = max(message.written_at, message.not_before or message.written_at)
            age = (self._clock.now() - start).total_seconds()
            metrics.SEND_SECONDS.labels(channel).observe(max(0.0, age))


def _event(
    message: OutboundMessage,
    part: int,
    attempt: int,
    outcome: Outcome,
    *,
    final: bool,
    retry_at: datetime | None,
) -> events.Outcome:
    return events.Outcome(
        message_id=message.id,
        workspace=message.workspace,
        channel=message.channel,
        account=message.account,
        conversation_key=message.conversation_key,
        conversation_id=message.conversation_id,
        attempt=attempt,
        part=part,
        kind=outcome.kind,
        final=final,
        provider_id=outcome.provider_id,
        retry_at=retry_at,
        code=outcome.code,
        reason=outcome.reason,
        alert_id=message.alert.id if message.alert else None,
        customer=message.alert.customer if message.alert else None,
    )
