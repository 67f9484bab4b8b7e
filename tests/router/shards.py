"""Owners of shards on real logs, and what the record says of their work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from services.router.engine.decide import replay
from services.router.engine.snapshot import UNSETTLED, snapshot
from services.router.engine.state import State
from services.router.settings import EngineSettings
from services.router.shard.engine import GROUP, INPUTS, Engine
from services.router.shard.owner import Owner
from services.router.shard.tenure import Workshop
from shared.clock import SystemClock
from shared.config.models import Config
from shared.dead_letters import DeadLetters
from shared.events import commands
from shared.events.base import Event
from shared.events.dead import DeadLetter
from shared.events.envelope import Envelope, encode
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.routing import Decision, RoutingEvent
from shared.ids import new_id
from shared.log import Entry, Log, Partition, Record, Sink, Source
from shared.record import Fence
from shared.rules import Rules
from shared.strikes import Untracked
from shared.topics import COMMANDS_TOPIC, DEAD_LETTERS, INBOUND, ROUTING, TOPICS, Topic
from shared.watchdog import Progress

PATIENCE = 20.0
_PAUSE = SystemClock()
WORKSPACE = "acme"
RULES = Rules.model_validate(
    {
        "queues": {"support": {"offer_seconds": 30}},
        "agents": {
            "ada": {"queues": ["support"], "capacity": {"whatsapp": 100}},
            "bob": {"queues": ["support"], "capacity": {"whatsapp": 100}},
        },
    }
)


class MovableClock:
    """The system's clock, and `move` makes it later; whoever sleeps notices at once."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._moved = 0.0

    def now(self) -> datetime:
        return self._system.now() + timedelta(seconds=self._moved)

    def monotonic(self) -> float:
        return self._system.monotonic() + self._moved

    async def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        while (left := end - self.monotonic()) > 0:
            await self._system.sleep(min(left, 0.02))

    def move(self, seconds: float) -> None:
        self._moved += seconds


@dataclass
class Site:
    """One log with the topics of one test, and one clock."""

    log: Log
    sink: Sink
    clock: MovableClock = field(default_factory=MovableClock)
    shards: int = 1
    sent: int = 0

    async def customer(self, customer: int, workspace: str = WORKSPACE) -> str:
        """A customer writes; the id of what he wrote."""
        self.sent += 1
        name = f"acc:{self.sent}"
        event = CustomerEvent(
            id=name,
            workspace=workspace,
            channel="whatsapp",
            account="acc",
            conversation_key=f"key{customer}",
            received_at=datetime.now(UTC),
            action=Action(
                kind="message",
                sender=Sender(address="+49"),
                occurred_at=datetime.now(UTC),
                provider_id=name,
            ),
        )
        await self.append(INBOUND, workspace, event, name)
        return name

    async def command(self, command: Event, workspace: str = WORKSPACE) -> str:
        """A command as the API writes it; its id, which is the cause of the decision on it."""
        name = new_id("cmd")
        await self.append(COMMANDS_TOPIC, workspace, command, name)
        return name

    async def sign_in(self, agent: str) -> str:
        return await self.command(
            commands.SetPresence(workspace=WORKSPACE, actor=agent, agent=agent, state="available")
        )

    async def append(self, topic: Topic, workspace: str, event: Event, name: str) -> None:
        envelope = Envelope(name, "/test", datetime.now(UTC), event)
        await self.put(topic, workspace, encode(envelope))

    async def put(self, topic: Topic, workspace: str, value: bytes) -> None:
        partition = topic.partition(workspace, "", self.shards)
        await self.sink.append(partition, Entry(b"key", value))

    async def records(self, topic: Topic, number: int = 0) -> list[Record]:
        """All records of a partition."""
        partition = Partition(topic.name, number)
        begin, end = (await self.log.bounds([partition]))[partition]
        found: list[Record] = []
        async with self.log.read({partition: begin}) as source:
            while begin < end:
                found += await source.poll()
                begin = found[-1].offset + 1 if found else begin
        return found

    async def decisions(self, number: int = 0) -> list[Decision]:
        """The valid decisions of a shard."""
        fence = Fence()
        decoder = ROUTING.decoder()
        datas = [decoder.decode(r.value).data for r in await self.records(ROUTING, number)]
        return [data for data in datas if fence.admits(data) and isinstance(data, Decision)]

    async def events(self, kind: str, number: int = 0) -> list[RoutingEvent]:
        """All valid events of one kind."""
        return [
            event
            for decision in await self.decisions(number)
            for event in decision.events
            if event.event == kind
        ]

    async def until(self, kind: str, count: int, number: int = 0) -> list[Any]:
        """Wait until the record has that many valid events of a kind."""
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.events(kind, number)) < count:
                await _PAUSE.sleep(0.02)
        return found

    async def dead_letters(self, count: int) -> list[DeadLetter]:
        """Wait until so many records are buried."""
        decoder = DEAD_LETTERS.decoder()
        async with asyncio.timeout(PATIENCE):
            while len(found := await self.records(DEAD_LETTERS)) < count:
                await _PAUSE.sleep(0.02)
        return [decoder.decode(record.value).data for record in found]

    async def told(self, number: int = 0) -> list[str]:
        """The state that the record alone leads to."""
        state = State(number)
        for decision in await self.decisions(number):
            replay(state, decision.workspace, decision.at, decision.cause, decision.events)
        return truth(state)


def truth(state: State) -> list[str]:
    """What is true in a state."""
    return [line for line in snapshot(state).split("\n") if not line.startswith(f'["{UNSETTLED}"')]


@asynccontextmanager
async def site(log: Log, shards: int = 1) -> AsyncIterator[Site]:
    await log.create_topics(dict.fromkeys(TOPICS, shards))
    async with log.sink() as sink:
        yield Site(log, sink, shards=shards)


class Reading:
    """Reads a shard's inputs for one owner, as the group's member does."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.rewinds: list[Mapping[Partition, int]] = []

    def rewind(self, positions: Mapping[Partition, int]) -> None:
        self.rewinds.append(dict(positions))
        self._source.seek(positions)

    async def feed(self, owner: Owner, clock: MovableClock) -> None:
        while True:
            owner.put(await self._source.poll(wait=0.05), clock.monotonic())


@dataclass
class Term:
    """An owner at work."""

    owner: Owner
    reading: Reading
    task: "asyncio.Task[None]"

    @property
    def state(self) -> State:
        assert self.owner._tenure is not None
        return self.owner._tenure.state

    async def owned(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.owner.standing != "owned":
                await _PAUSE.sleep(0.02)

    async def crash(self) -> None:
        """Gone without a word."""
        self.task.cancel()
        await asyncio.wait([self.task])


@asynccontextmanager
async def owning(
    place: Site,
    instance: str,
    *,
    sink: Sink | None = None,
    rules: Mapping[str, Rules] | None = None,
    **settings: Any,
) -> AsyncIterator[Term]:
    """One owner of shard 0 that nobody in a group competes with; it leaves in good order."""
    used = sink or place.sink
    dead_letters = DeadLetters(place.sink, place.clock, place.shards, "/test")
    workshop = Workshop(place.log, used, place.clock, dead_letters, instance)
    inputs = {Partition(INBOUND.name, 0): 0, Partition(COMMANDS_TOPIC.name, 0): 0}
    async with place.log.read(inputs) as source:
        reading = Reading(source)
        owner = Owner(
            0,
            workshop,
            EngineSettings(**settings),
            {WORKSPACE: RULES} if rules is None else rules,
            Untracked(),
            reading.rewind,
        )
        task = asyncio.create_task(owner.run())
        feeding = asyncio.create_task(reading.feed(owner, place.clock))
        try:
            yield Term(owner, reading, task)
        finally:
            owner.leave()
            await asyncio.wait([task], timeout=PATIENCE)
            feeding.cancel()
            await asyncio.wait([feeding])
    if not task.cancelled():
        task.result()


def configuration(rules: Mapping[str, Rules]) -> Config:
    """A configuration that says nothing but these rules."""
    workspaces = {name: SimpleNamespace(rules=its) for name, its in rules.items()}
    return cast(Config, SimpleNamespace(workspaces=workspaces))


@dataclass
class Member:
    """One engine in the group."""

    engine: Engine
    stop: asyncio.Event

    @property
    def shards(self) -> set[int]:
        return {n for n, (owner, _) in self.engine._owners.items() if owner.standing == "owned"}


@asynccontextmanager
async def engine(
    place: Site, instance: str, rules: Mapping[str, Rules], **settings: Any
) -> AsyncIterator[Member]:
    """A whole engine, as a process runs it; it drains when left."""
    async with place.log.sink() as sink, place.log.subscribe(GROUP, INPUTS) as source:
        dead_letters = DeadLetters(sink, place.clock, place.shards, "/test")
        running = Engine(
            source,
            Workshop(place.log, sink, place.clock, dead_letters, instance),
            EngineSettings(**settings),
            configuration(rules),
            place.shards,
            Untracked(),
            Progress(place.clock),
        )
        member = Member(running, asyncio.Event())
        task = asyncio.create_task(running.run(member.stop))
        try:
            yield member
        finally:
            member.stop.set()
            await task


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await _PAUSE.sleep(0.02)


def kinds(decisions: Sequence[Decision]) -> list[str]:
    """The events of some decisions, in order."""
    return [event.event for decision in decisions for event in decision.events]
