"""What follows from decisions: calls are connected, dialled and hung up, first replies noted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from services.router.effects import Effects, serve_effects
from services.router.settings import ViewSettings
from shared.cache import open_cache
from shared.errors import ViewBehind
from shared.events import routing as was
from shared.events.commands import NoteCall, NoteDelivery
from shared.events.outbound import CallControl, OutboundMessage, Outcome
from shared.log import Log, Partition, Record, Sink
from shared.service import Deps
from shared.sqlite import SqliteLog
from shared.topics import COMMANDS_TOPIC, DELIVERIES, OUTBOUND, TOPICS
from shared.versions import RulesBook
from tests.router.owner import NOW, NOW_MS, Owner
from tests.router.shop import shop
from tests.router.viewing import caught_up, fast_clock, viewing

SHARDS = 2
SHOP = "shop"
LIVE = {"call": "CA1", "call_state": "queued", "language": "de"}


@dataclass
class Parts:
    log: Log
    redis: "Redis"
    owner: Owner
    sink: Sink

    def effects(self) -> Effects:
        return Effects(self.sink, self.redis, fast_clock(), RulesBook(shop(), SHARDS), SHARDS)

    async def records(self, *topics: str) -> list[Record]:
        """Everything that these topics hold now."""
        partitions = [Partition(topic, number) for topic in topics for number in range(SHARDS)]
        bounds = await self.log.bounds(partitions)
        found: list[Record] = []
        async with self.log.read(dict.fromkeys(partitions, 0)) as source:
            while len(found) < sum(end for _, end in bounds.values()):
                found.extend(await source.poll())
        return found

    async def sent(self) -> list[OutboundMessage]:
        decoder = OUTBOUND.decoder()
        return [decoder.decode(r.value).data for r in await self.records(OUTBOUND.name)]

    async def commands(self) -> list[Any]:
        decoder = COMMANDS_TOPIC.decoder()
        return [decoder.decode(r.value) for r in await self.records(COMMANDS_TOPIC.name)]


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Parts]:
    redis = open_cache(url)
    async with redis, SqliteLog(":memory:") as log, log.sink() as sink:
        await log.create_topics(dict.fromkeys(TOPICS, SHARDS))
        owner = Owner(sink, SHOP, SHARDS)
        await owner.own()
        async with viewing(log, redis, SHOP):
            yield Parts(log, redis, owner, sink)


def opened(channel: str = "phone", attributes: dict[str, str] | None = None) -> was.Opened:
    account = {"phone": "line", "whatsapp": "wa"}[channel]
    found = LIVE if attributes is None else attributes
    return was.Opened("cnv_1", "k1", channel, account, "+15551234567", "", found, NOW_MS)


def assigned(agent: str = "ana") -> was.Assigned:
    return was.Assigned("cnv_1", agent, NOW_MS)


async def effects_of(parts: Parts, topic: str = "routing") -> list[OutboundMessage]:
    """Handle every record of a topic, twice, as after a restart."""
    await caught_up(parts.log, parts.redis, SHOP, SHARDS)
    for _ in range(2):
        for record in await parts.records(topic):
            await parts.effects().handle(record)
    return await parts.sent()


async def test_an_accepted_call_is_connected_to_the_agents_phone(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened(), assigned())
        first, second = await effects_of(parts)
    assert first == second
    assert first.call == CallControl(action="connect", call_id="CA1", agent_endpoint="client:ana")
    assert (first.kind, first.to, first.author) == ("call", "+15551234567", "ana")
    assert (first.language, first.conversation_id, first.account) == ("de", "cnv_1", "line")
    assert first.send_before is not None


async def test_a_call_that_answers_itself_is_connected_once(empty_redis: str) -> None:
    """Offered to two, accepted and assigned in one decision."""
    async with running(empty_redis) as parts:
        asked = [
            was.Offered("cnv_1", f"off_{agent}", agent, NOW_MS, NOW_MS) for agent in ("ana", "ben")
        ]
        ended = [
            was.OfferEnded("cnv_1", "off_ben", "ben", "rescinded", NOW_MS, "taken"),
            was.OfferEnded("cnv_1", "off_ana", "ana", "accepted", NOW_MS),
        ]
        await parts.owner.decide(opened(), *asked, *ended, assigned())
        first, second = await effects_of(parts)
    assert first == second
    assert first.call == CallControl(action="connect", call_id="CA1", agent_endpoint="client:ana")


@pytest.mark.parametrize("state", ["voicemail", "callback_requested", "ended"])
async def test_who_asked_for_a_call_is_dialled(empty_redis: str, state: str) -> None:
    async with running(empty_redis) as parts:
        attributes = {**LIVE, "call_state": state, "callback": "true"}
        await parts.owner.decide(opened(attributes=attributes), assigned())
        found = await effects_of(parts)
    assert found[0].call == CallControl(action="dial", agent_endpoint="client:ana")
    assert len({message.id for message in found}) == 1


def rung() -> list[Any]:
    """A customer whose phone rings before any agent's."""
    owed = {"callback": "true", "call_state": "callback_requested", "owed": "true"}
    dialled = was.Dialled("cnv_1", "dia_1", "ana", NOW_MS, NOW_MS + 60_000)
    return [opened(attributes=owed), dialled]


async def test_who_is_called_first_is_rung(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(*rung())
        first, second = await effects_of(parts)
    assert first == second
    assert first.call == CallControl(action="ring", dial="dia_1")
    assert (first.kind, first.to, first.author) == ("call", "+15551234567", None)


async def test_who_is_rung_no_more_is_not_called(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(*rung(), was.DialEnded("cnv_1", "ana", "rescinded", NOW_MS))
        assert await effects_of(parts) == []


async def test_a_blocked_caller_is_hung_up_on(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(
            was.Ignored("k1", "line:1", "k1", NOW_MS, "line", "CA1"),
            was.Ignored("k1", "wa:1", "k1", NOW_MS),
        )
        first, second = await effects_of(parts)
    assert first == second
    assert first.call == CallControl(action="hangup", call_id="CA1")
    assert (first.account, first.conversation_id) == ("line", None)


def asking(code: str | None = None) -> list[Any]:
    """Ana asks Sue about a live call."""
    told = [
        opened(),
        assigned(),
        was.Consulted("cnv_1", "cns_1", "ana", NOW_MS),
        was.Assigned("cns_1", "sue", NOW_MS),
    ]
    return told if code is None else [*told, was.Closed("cns_1", "sue", NOW_MS, code)]


async def test_who_is_asked_about_a_live_call_joins_it(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(*asking()[:2])
        await parts.owner.decide(*asking()[2:])
        found = {message.id: message for message in await effects_of(parts)}
    calls = [message.call for message in found.values()]
    assert calls == [
        CallControl(action="connect", call_id="CA1", agent_endpoint="client:ana"),
        CallControl(action="conference", call_id="CA1", room="cnv_1"),
        CallControl(action="join", agent_endpoint="client:ana", room="cnv_1"),
        CallControl(action="join", agent_endpoint="client:sue", room="cnv_1"),
    ]
    assert {message.conversation_id for message in found.values()} == {"cnv_1"}


@pytest.mark.parametrize(
    ("code", "leaver"), [("returned", "sue"), ("handed_over", "ana")], ids=["asked", "asking"]
)
async def test_who_is_done_with_it_leaves_the_conference(
    empty_redis: str, code: str, leaver: str
) -> None:
    gone = [was.Released("cnv_1", "ana", NOW_MS, "consulted"), was.Assigned("cnv_1", "sue", NOW_MS)]
    async with running(empty_redis) as parts:
        await parts.owner.decide(*asking()[:2])
        await parts.owner.decide(*asking()[2:])
        joined = [m for m in await effects_of(parts) if m.call and m.call.action == "join"]
        for message in joined:
            sent = outcome("accepted", "cnv_1").model_copy(
                update={"message_id": message.id, "provider_id": f"CA_{message.author}"}
            )
            await parts.owner.deliver(message.conversation_key, sent)
        before = {message.id for message in await effects_of(parts)}
        closed = was.Closed("cns_1", "sue", NOW_MS, code)
        await parts.owner.decide(closed, *{"returned": [], "handed_over": gone}[code])
        after = {m.id: m for m in await effects_of(parts) if m.id not in before}
    assert [message.call for message in after.values()] == [
        CallControl(action="hangup", call_id=f"CA_{leaver}")
    ]


@pytest.mark.parametrize(
    ("events", "leg", "dial", "agent"),
    [
        (rung(), "customer", "dia_1", None),
        (
            [opened(attributes={"callback": "true"}), assigned()],
            "agent",
            None,
            "ana",
        ),
    ],
    ids=["customer first", "agent first"],
)
async def test_a_call_that_cannot_be_made_is_noted_once(
    empty_redis: str, events: list[Any], leg: Any, dial: str | None, agent: str | None
) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(*events)
        message = (await effects_of(parts))[0]
        await parts.owner.deliver(
            message.conversation_key,
            Outcome(
                message_id=message.id,
                workspace=SHOP,
                channel="phone",
                account="line",
                conversation_key=message.conversation_key,
                conversation_id="cnv_1",
                attempt=1,
                kind="unreachable",
                final=True,
            ),
        )
        await effects_of(parts, DELIVERIES.name)
        first, second = await parts.commands()
    assert first.id == second.id
    assert first.data == NoteCall(
        workspace=SHOP, conversation="cnv_1", leg=leg, dial=dial, agent=agent
    )


@pytest.mark.parametrize(
    "events",
    [
        [opened("whatsapp", {}), assigned()],
        [opened(attributes={**LIVE, "call_state": "ended"}), assigned()],
        [opened(), assigned("ben")],
        [opened(), assigned(), was.Released("cnv_1", "ana", NOW_MS, "transferred")],
        [opened(), was.Closed("cnv_1", "customer", NOW_MS)],
        [opened(attributes={**LIVE, "call_state": "ended"}), was.Closed("cnv_1", "ana", NOW_MS)],
        [opened(), was.Closed("cnv_1", "ana", NOW_MS), was.Reopened("cnv_1", NOW_MS)],
        [opened("whatsapp", {}), was.Closed("cnv_1", "ana", NOW_MS)],
    ],
    ids=[
        "no call",
        "hung up before",
        "agent without a phone",
        "given away since",
        "customer hung up",
        "closed after the call",
        "open again",
        "closed without a call",
    ],
)
async def test_no_call_is_touched_without_need(empty_redis: str, events: list[Any]) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(*events)
        assert await effects_of(parts) == []


async def test_closing_a_live_call_hangs_up(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened())
        await parts.owner.decide(was.Closed("cnv_1", "ana", NOW_MS))
        found = await effects_of(parts)
    assert found[0].call == CallControl(action="hangup", call_id="CA1")
    assert len({message.id for message in found}) == 1


def told(what: Any = "max_wait") -> was.Told:
    return was.Told("cnv_1", what, {}, NOW_MS)


async def test_what_a_customer_is_told_becomes_a_message(empty_redis: str) -> None:
    """In his language, and the same one however often the decision is read."""
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened("whatsapp", {"language": "de"}), told())
        first, second = await effects_of(parts)
    assert first == second
    assert (first.kind, first.language, first.conversation_id) == ("auto", "de", "cnv_1")
    assert "Geduld" in (first.text or "")


async def test_a_zombie_tells_nobody_anything(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened("whatsapp", {}))
        await parts.owner.own()
        await parts.owner.record(1, 99, "late", told())
        assert await effects_of(parts) == []


async def test_a_caller_hears_why_before_he_is_hung_up_on(empty_redis: str) -> None:
    """The text ends the call: nothing hangs up in the middle of it."""
    async with running(empty_redis) as parts:
        await parts.owner.decide(
            opened(), told("max_wait_closed"), was.Closed("cnv_1", "system", NOW_MS, "max_wait")
        )
        found = await effects_of(parts)
    assert {message.id for message in found} == {found[0].id}
    assert found[0].call == CallControl(action="say", call_id="CA1", hang_up=True)


async def test_a_zombies_assignment_connects_nobody(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened())
        await parts.owner.own()
        await parts.owner.record(1, 99, "late", assigned())
        assert await effects_of(parts) == []


async def test_what_the_view_does_not_show_yet_is_tried_again(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened(), assigned())
        await caught_up(parts.log, parts.redis, SHOP, SHARDS)
        record = (await parts.records("routing"))[-1]
        early = Record(record.partition, record.offset + 1, b"", record.value, 0)
        with pytest.raises(ViewBehind):
            await parts.effects().handle(early)


def reply(kind: str = "reply", call: CallControl | None = None) -> OutboundMessage:
    return OutboundMessage(
        id="msg_1",
        workspace=SHOP,
        channel="whatsapp",
        account="wa",
        conversation_key="k1",
        conversation_id="cnv_1",
        kind=kind,
        to="a",
        call=call,
        written_at=NOW,
    )


def outcome(kind: str = "accepted", conversation_id: str | None = "cnv_1") -> Outcome:
    return Outcome(
        message_id="msg_1",
        workspace=SHOP,
        channel="whatsapp",
        account="wa",
        conversation_key="k1",
        conversation_id=conversation_id,
        attempt=1,
        kind=kind,
        final=True,
    )


@pytest.mark.parametrize(
    "message", [reply(), reply("call", CallControl(action="connect"))], ids=["reply", "connected"]
)
async def test_a_reply_that_was_taken_is_noted(empty_redis: str, message: OutboundMessage) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened("whatsapp", {}))
        await parts.owner.send(message)
        await parts.owner.deliver("k1", outcome())
        await effects_of(parts, "deliveries")
        first, second = await parts.commands()
    assert (first.id, first.data) == (second.id, second.data)
    assert first.data == NoteDelivery(
        workspace=SHOP,
        conversation="cnv_1",
        message_id="msg_1",
        outcome="accepted",
        occurred_at=NOW,
    )


@pytest.mark.parametrize(
    ("message", "became"),
    [
        (reply(), outcome("retry")),
        (reply(), outcome(conversation_id=None)),
        (reply("auto"), outcome()),
        (reply("call", CallControl(action="hangup")), outcome()),
    ],
    ids=["not taken", "no conversation", "automatic", "hung up"],
)
async def test_what_answers_nobody_is_not_noted(
    empty_redis: str, message: OutboundMessage, became: Outcome
) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened("whatsapp", {}))
        await parts.owner.send(message)
        await parts.owner.deliver("k1", became)
        await effects_of(parts, "deliveries")
        assert await parts.commands() == []


async def test_only_the_first_reply_is_noted(empty_redis: str) -> None:
    async with running(empty_redis) as parts:
        await parts.owner.decide(opened("whatsapp", {}), was.Responded("cnv_1", NOW_MS))
        await parts.owner.deliver("k1", outcome())
        await effects_of(parts, "deliveries")
        assert await parts.commands() == []


async def test_the_role_follows_the_record(empty_redis: str) -> None:
    """Over the consumer group, with an unreadable record on the way."""
    stop = asyncio.Event()
    async with running(empty_redis) as parts, asyncio.TaskGroup() as tasks:
        deps = Deps(parts.log, parts.redis, fast_clock(), shop(), SHARDS, "test")
        tasks.create_task(serve_effects(deps, ViewSettings(), stop))
        await parts.owner.decide(opened(), assigned())
        async with asyncio.timeout(20):
            while not await parts.sent():  # noqa: ASYNC110 - polls the log
                await asyncio.sleep(0.01)
        stop.set()
    assert deps.probes.failing(deps.probes.live) == []
