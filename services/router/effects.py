"""What follows from a decision outside the engine: calls are connected, replies are noted.

Reads `routing` and `deliveries` as group `router-effects`. Whether a decision counts is asked of
the view, which knows the void ones and what came after: a connection nobody wants any more is not
made. Everything written has an id derived from its cause, so a second run changes nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from services.router import calling
from services.router.conferring import to_leave, to_meet
from services.router.keeper import Keeper
from services.router.metrics import EFFECTS
from services.router.settings import ViewSettings
from services.router.telling import ENDS_THE_CALL, LIVE, automatic
from shared.clock import Clock
from shared.consumer import Consumer
from shared.dead_letters import DeadLetters
from shared.errors import Undecodable
from shared.events import routing as was
from shared.events.base import Event
from shared.events.envelope import Envelope, encode
from shared.events.outbound import Outcome, Receipt
from shared.events.routing import Decision, ShardOwned
from shared.ids import derived_id
from shared.log import Entry, Partition, Record, Sink
from shared.service import Deps
from shared.strikes import Strikes
from shared.topics import COMMANDS_TOPIC, DELIVERIES, INBOUND, OUTBOUND, ROUTING, Topic
from shared.versions import RulesBook
from shared.views.documents import Contact, Conversation, Sent
from shared.views.keys import Keys
from shared.views.read import conversation as read_conversation
from shared.views.read import document
from shared.views.settled import settled
from shared.watchdog import Watchdog

_LOG = structlog.get_logger(__name__)
GROUP = "router-effects"
SOURCES = (ROUTING, DELIVERIES)
_SOURCE = "/patchbay/router"
_DECODERS = {topic.name: topic.decoder() for topic in SOURCES}
_PATIENCE_SECONDS = 2.0
_NOTHING: Mapping[Partition, int] = {}


@dataclass(frozen=True, slots=True)
class _Cause:
    """The record that something follows from, and the time of its event."""

    record: Record
    workspace: str
    at: int


class Effects:
    """Handles one record at a time, as often as it comes."""

    def __init__(
        self, sink: Sink, redis: "Redis", clock: Clock, book: RulesBook, shards: int
    ) -> None:
        self._sink = sink
        self._redis = redis
        self._clock = clock
        self._book = book
        self._keeper = Keeper(sink, book, shards)
        self._shards = shards

    async def handle(self, record: Record) -> None:
        """Write what follows from this record.

        Raises ViewBehind, CacheUnavailable and LogUnavailable, all retryable.
        """
        try:
            envelope = _DECODERS[record.partition.topic].decode(record.value)
        except Undecodable:
            return  # the business of whoever acts on it
        data = envelope.data
        if isinstance(data, ShardOwned | Decision):
            await self._keeper.take(record, data)
        if isinstance(data, Decision):
            await self._decided(record, data)
        elif isinstance(data, Outcome):
            await self._outcome(envelope)
            await self._call_failed(data)
        elif isinstance(data, Receipt):
            await self._call_failed(data)

    async def _decided(self, record: Record, decision: Decision) -> None:
        ends = {
            event.conversation
            for event in decision.events
            if isinstance(event, was.Told) and event.what in ENDS_THE_CALL
        }
        handed = {
            event.conversation
            for event in decision.events
            if isinstance(event, was.Released) and event.why == "consulted"
        }
        for event in decision.events:
            if isinstance(event, was.Told):
                await self._told(record, decision, event)
            elif isinstance(event, was.Ignored):
                await self._turned_away(record, decision.workspace, event)
            elif isinstance(event, was.Dialled):
                await self._dialled(_Cause(record, decision.workspace, event.at), event)
            elif isinstance(event, was.Assigned):
                cause = _Cause(record, decision.workspace, event.at)
                await self._assigned(cause, event, handed_over=event.conversation in handed)
            elif isinstance(event, was.Closed) and event.conversation not in ends:
                await self._closed(_Cause(record, decision.workspace, event.at), event)

    async def _told(self, record: Record, decision: Decision, event: was.Told) -> None:
        """The automatic message, if the decision counts: then the view has noted it."""
        workspace = decision.workspace
        shop = self._book.config.workspaces.get(workspace)
        heard = {Partition(INBOUND.name, record.partition.number): decision.inbound}
        found = await self._conversation(
            _Cause(record, workspace, event.at), event.conversation, heard
        )
        if shop is None or found is None or record.offset not in found.told:
            return
        found = found.answered_on()
        contact = await document(self._redis, Keys(workspace).contact(found.key), Contact)
        identity = derived_id("msg", workspace, found.id, event.what, str(record.offset))
        message = automatic(event, found, contact, (workspace, shop), identity)
        if message is not None:
            EFFECTS.labels("tell").inc()
            await self._append(OUTBOUND, workspace, found.key, message.id, message)

    async def _assigned(
        self, cause: _Cause, event: was.Assigned, *, handed_over: bool = False
    ) -> None:
        found = await self._call(cause, event.conversation)
        if found is None or found.agent != event.agent:
            return
        if not any(holding.since == cause.record.offset for holding in found.holdings):
            return
        if found.consult_of is not None:
            await self._confer(cause, found)
        elif found.attributes.get("callback") == "true":
            await self._control(cause, found, "dial", event.agent)
        elif found.attributes.get("call_state") in LIVE and not handed_over:
            await self._control(cause, found, "connect", event.agent)

    async def _confer(self, cause: _Cause, question: Conversation) -> None:
        """The customer, who holds him and who was asked meet in a room, if he is on the line."""
        found = await to_meet(self._redis, cause.workspace, question)
        if found is None:
            return
        about, agents = found
        await self._control(cause, about, "conference")
        for agent, identity in agents:
            await self._control(cause, about, "join", agent, identity=identity)

    async def _left(self, cause: _Cause, question: Conversation, code: str | None) -> None:
        """The question is over: one of the two agents leaves the room."""
        at = cause.record.offset
        for about, call_id in await to_leave(self._redis, cause.workspace, question, code, at):
            await self._control(cause, about, "hangup", call_id=call_id)

    async def _turned_away(self, record: Record, workspace: str, event: was.Ignored) -> None:
        """A blocked caller does not hold the line for ever."""
        message = calling.turned_away(workspace, event, str(record.offset))
        if message is not None:
            EFFECTS.labels("hangup").inc()
            await self._append(OUTBOUND, workspace, event.key, message.id, message)

    async def _dialled(self, cause: _Cause, event: was.Dialled) -> None:
        """His phone rings while an agent is kept free, unless that is over already."""
        found = await self._call(cause, event.conversation)
        if found is not None and found.dial == event.dial:
            await self._control(cause, found, "ring")

    async def _call_failed(self, report: Receipt | Outcome) -> None:
        """A call back that nobody took is the engine's business."""
        if report.message_id is None:
            return
        key = Keys(report.workspace).message(report.message_id)
        sent = await document(self._redis, key, Sent)
        note = None if sent is None else calling.failed_call(sent.message, report)
        if note is not None:
            EFFECTS.labels("note_call").inc()
            command = derived_id("cmd", "call", report.message_id)
            await self._append(COMMANDS_TOPIC, report.workspace, report.workspace, command, note)

    async def _closed(self, cause: _Cause, event: was.Closed) -> None:
        found = await self._call(cause, event.conversation)
        if found is None or (found.closed_at, found.closed_by) != (event.at, event.by):
            return
        if found.consult_of is not None:
            await self._left(cause, found, event.code)
        elif event.by != "customer" and found.attributes.get("call_state") in LIVE:
            await self._control(cause, found, "hangup")

    async def _call(self, cause: _Cause, conversation_id: str) -> Conversation | None:
        """The conversation as of this decision or later, when it is a phone call."""
        found = await read_conversation(self._redis, cause.workspace, conversation_id)
        if found is not None and found.channel != "phone":
            return None
        found = await self._conversation(cause, conversation_id)
        return found if found is not None and found.channel == "phone" else None

    async def _conversation(
        self, cause: _Cause, conversation_id: str, also: Mapping[Partition, int] = _NOTHING
    ) -> Conversation | None:
        """The conversation as of this decision or later, when the view has `also` read so far."""
        wanted = {cause.record.partition: cause.record.offset + 1, **also}
        await settled(self._redis, self._clock, cause.workspace, wanted, _PATIENCE_SECONDS)
        return await read_conversation(self._redis, cause.workspace, conversation_id)

    async def _control(
        self,
        cause: _Cause,
        found: Conversation,
        action: calling.CallAction,
        agent: str | None = None,
        *,
        call_id: str | None = None,
        identity: str | None = None,
    ) -> None:
        workspace = cause.workspace
        endpoint = self._endpoint(workspace, agent)
        if agent is not None and endpoint is None:
            EFFECTS.labels("no_phone").inc()
            _LOG.error("agent_has_no_phone", workspace=workspace, agent=agent)
            return
        name = derived_id("msg", workspace, found.id, action, str(cause.record.offset))
        what = calling.asked(found, action, endpoint, call_id)
        message = calling.control(workspace, found, what, agent, identity or name, cause.at)
        EFFECTS.labels(action).inc()
        await self._append(OUTBOUND, workspace, found.key, message.id, message)

    def _endpoint(self, workspace: str, agent: str | None) -> str | None:
        rules = self._book.rules(workspace)
        known = rules.agents.get(agent) if rules is not None and agent is not None else None
        return known.phone if known is not None else None

    async def _outcome(self, envelope: Envelope[Outcome]) -> None:
        """The first message of an agent that the provider took has answered the customer."""
        outcome = envelope.data
        if outcome.kind != "accepted" or outcome.conversation_id is None:
            return
        workspace, name = outcome.workspace, outcome.conversation_id
        found = await read_conversation(self._redis, workspace, name)
        if found is not None and found.responded_at is not None:
            return
        sent = await document(self._redis, Keys(workspace).message(outcome.message_id), Sent)
        if sent is not None and not calling.answers(sent.message):
            return
        command = derived_id("cmd", "delivered", outcome.message_id)
        EFFECTS.labels("note_delivery").inc()
        note = calling.delivered(envelope)
        await self._append(COMMANDS_TOPIC, workspace, workspace, command, note)

    async def _append(
        self, topic: Topic, workspace: str, key: str, name: str, event: Event
    ) -> None:
        partition = topic.partition(workspace, key, self._shards)
        envelope = Envelope(name, _SOURCE, self._clock.now(), event, subject=key)
        await self._sink.append(partition, Entry(key.encode(), encode(envelope)))


async def serve_effects(deps: Deps, _settings: ViewSettings, stop: asyncio.Event) -> None:
    """Write what follows from decisions until `stop` is set."""
    watchdog = Watchdog(clock=deps.clock)
    deps.probes.live["effects"] = watchdog.alive
    topics = [topic.name for topic in SOURCES]
    async with deps.log.sink() as sink, deps.log.subscribe(GROUP, topics) as source:
        book = RulesBook(deps.config, deps.shards)
        effects = Effects(sink, deps.redis, deps.clock, book, deps.shards)
        consumer = Consumer(
            source,
            effects.handle,
            DeadLetters(sink, deps.clock, deps.shards, _SOURCE),
            clock=deps.clock,
            strikes=Strikes(deps.redis, deps.clock, GROUP, deps.instance),
            progress=watchdog.progress("effects"),
        )
        watching = asyncio.create_task(watchdog.run(deps.log))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(book.run(deps.log, deps.clock, stop), name="rules")
                await book.ready.wait()
                await consumer.run(stop)
        finally:
            watching.cancel()
