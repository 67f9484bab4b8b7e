"""Writes what is decided about alerts: into `commerce` first, to others when it has come back."""

from dataclasses import dataclass

from services.notifier import metrics
from services.notifier.alerts.rules import Fact
from services.notifier.writer import SOURCE
from shared.clock import Clock
from shared.events.alerts import AlertPlanned, AlertSettled, Settlement
from shared.events.base import Event
from shared.events.commands import NoteAlert
from shared.events.envelope import Envelope, encode
from shared.events.outbound import OutboundMessage
from shared.ids import derived_id
from shared.log import Entry, Partition, Sink
from shared.topics import COMMANDS_TOPIC, COMMERCE, OUTBOUND, Topic


@dataclass(frozen=True, slots=True)
class StoryName:
    """Where a story stands: its partition of `commerce` and its record key."""

    number: int
    key: str
    workspace: str

    @property
    def partition(self) -> Partition:
        """The partition all its records are in."""
        return Partition(COMMERCE.name, self.number)


class Pen:
    """All methods raise LogUnavailable, and are harmless when run twice."""

    def __init__(self, sink: Sink, clock: Clock, shards: int) -> None:
        self._sink = sink
        self._clock = clock
        self._shards = shards

    async def planned(self, story: StoryName, plan: AlertPlanned) -> int:
        """A message is to go out; the record's offset."""
        identity = derived_id("pln", plan.alert, str(plan.step))
        offset = await self._append(story.partition, story.key, identity, plan)
        metrics.ALERTS.labels("planned" if plan.step == 0 else "fallback").inc()
        return offset

    async def settled(
        self, story: StoryName, what: AlertPlanned | Fact, how: Settlement, reason: str = ""
    ) -> int:
        """An alert ends; the record's offset."""
        contact = what.contact if isinstance(what, AlertPlanned) else what.contact.id
        end = AlertSettled(
            workspace=story.workspace,
            alert=what.alert,
            rule=what.rule,
            subject=what.subject,
            contact=contact,
            how=how,
            reason=reason,
            settled_at=self._clock.now(),
        )
        identity = derived_id("end", what.alert)
        offset = await self._append(story.partition, story.key, identity, end)
        metrics.ALERTS.labels(how).inc()
        return offset

    async def sent(self, message: OutboundMessage, note: NoteAlert) -> None:
        """First the note, so that even the fastest answer finds its order; then the message."""
        key = message.conversation_key
        command = derived_id("cmd", "alert", message.id)
        await self._route(COMMANDS_TOPIC, message.workspace, message.workspace, command, note)
        await self._route(OUTBOUND, message.workspace, key, message.id, message)
        metrics.ALERTS.labels("sent").inc()

    async def _route(
        self, topic: Topic, workspace: str, key: str, identity: str, event: Event
    ) -> None:
        await self._append(topic.partition(workspace, key, self._shards), key, identity, event)

    async def _append(self, partition: Partition, key: str, identity: str, event: Event) -> int:
        envelope = Envelope(identity, SOURCE, self._clock.now(), event, subject=key)
        return await self._sink.append(partition, Entry(key.encode(), encode(envelope)))
