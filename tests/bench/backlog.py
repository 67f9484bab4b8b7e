"""Decisions through Kafka: a shard that has to catch up, command in to decision acknowledged.

What the engine will decide is known beforehand, because it is a pure function: so the accepts and
closes of a whole day can lie in the log before the first offer is made.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.turn import Context
from shared.clock import SystemClock
from shared.events.base import Event
from shared.events.commands import AcceptOffer, Close, Configure, SetPresence
from shared.events.envelope import Envelope, encode
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.routing import Offered
from shared.ids import derived_id
from shared.log import MAX_APPEND_BYTES, Entry, Log, Partition, Sink, weight
from shared.rules import Rules
from shared.topics import COMMANDS_TOPIC, INBOUND, ROUTING, Topic
from tests.bench.cpu import Cpu
from tests.bench.figures import BenchFailed, Row, Size, middle
from tests.bench.place import WORKSPACE, Place, services

_SCRATCH = "bench"
_WINDOW = 4
_BATCH = 200
_PATIENCE = 120.0
_WARM = 0.1
"""The share of decisions after which the clock starts: a process needs a while to begin."""


class Day:
    """Customers write first; then agents sign in, accept and close until nothing waits."""

    def __init__(self, rules: Rules, customers: int, agents: Sequence[str], name: str) -> None:
        self._state = State()
        self._now = 0
        self._decide(Configure(workspace=WORKSPACE, digest="d", rules=rules), "rules")
        written = [self._customer(f"{name}{number}") for number in range(customers)]
        self.writes = [self._input(event, event.id) for event in written]
        self.serves: list[Entry] = []
        self._held: deque[Offered] = deque()
        for agent in agents:
            sign_in = SetPresence(workspace=WORKSPACE, actor=agent, agent=agent, state="available")
            self._serve(sign_in)
        while self._held:
            held = self._held.popleft()
            done = Close(workspace=WORKSPACE, actor=held.agent, conversation=held.conversation)
            self._serve(done)
        for agent in agents:
            gone = SetPresence(workspace=WORKSPACE, actor=agent, agent=agent, state="offline")
            self._serve(gone)

    def _serve(self, command: SetPresence | Close) -> None:
        cause = derived_id("cmd", command.model_dump_json(), str(len(self.serves)))
        self.serves.append(self._input(command, cause))
        for event in [e for e in self._last if isinstance(e, Offered)]:
            accept = AcceptOffer(workspace=WORKSPACE, actor=event.agent, offer=event.offer)
            self.serves.append(self._input(accept, derived_id("cmd", event.offer)))
            self._held.append(event)

    def _input(self, event: Event, cause: str) -> Entry:
        """The record of an input, decided on here as it will be there."""
        self._last = self._decide(event, cause)  # type: ignore[arg-type]
        return Entry(b"bench", encode(Envelope(cause, "/bench", datetime.now(UTC), event)))

    def _decide(self, happens: Input, cause: str) -> Sequence[object]:
        self._now += 1
        return decide(self._state, happens, Context(self._now, cause))

    def _customer(self, name: str) -> CustomerEvent:
        at = datetime.now(UTC)
        return CustomerEvent(
            id=f"wa:wamid.{name:0>24}",
            workspace=WORKSPACE,
            channel="whatsapp",
            account="wa",
            conversation_key=derived_id("k", name),
            received_at=at,
            action=Action(
                kind="message",
                sender=Sender(address=derived_id("49", name), name="A Customer", language="en"),
                occurred_at=at,
                provider_id=f"wamid.{name:0>24}",
                text="Hello, my parcel was due on Tuesday and has not arrived yet. Where is it?",
            ),
        )


class Backlog:
    """One shard of one running place."""

    def __init__(self, found: Place, log: Log, sink: Sink, size: Size) -> None:
        self._found = found
        self._log = log
        self._sink = sink
        self._size = size
        self._routing = ROUTING.partition(WORKSPACE, "", found.shards)

    async def repetition(self, rules: Rules, number: int) -> list[Row]:
        """Both halves of a day, each beside its limit."""
        day = Day(rules, self._size.customers, self._found.agents, f"{number}.")
        rows = []
        for what, topic, entries in (
            ("customers write", INBOUND, day.writes),
            ("agents accept and close", COMMANDS_TOPIC, day.serves),
        ):
            begin = (await self._log.bounds([self._routing]))[self._routing][1]
            inputs = await self._put(topic, entries)
            row = await self._decided(begin, len(entries))
            limit = await self._raw(inputs, len(entries), begin)
            rows.append({"what": what, **row, "limit_per_s": limit})
        return rows

    async def _put(self, topic: Topic, entries: Sequence[Entry]) -> tuple[Partition, int]:
        partition = topic.partition(WORKSPACE, "", self._found.shards)
        first = (await self._log.bounds([partition]))[partition][1]
        for batch in _batches(entries):
            await self._sink.append_batch(partition, batch)
        return partition, first

    async def _decided(self, begin: int, inputs: int) -> Row:
        """Let an engine start, and see how it catches up."""
        async with services(self._found, ("engine",)) as running:
            cpu = Cpu(running.pids | self._found.pids)
            first = await self._end(begin + round(_WARM * inputs))
            cpu.mark()
            started = time.perf_counter()
            end = await self._end(begin + inputs)
            seconds, spent = time.perf_counter() - started, cpu.since()
        decided = max(1, end - first)
        if end < begin + inputs:
            raise BenchFailed(f"{end - begin} decisions on {inputs} inputs")
        return {
            "decisions_per_s": decided / seconds,
            "engine_us": spent["engine"] / decided * 1e6,
            "broker_us": spent["broker"] / decided * 1e6,
        }

    async def _end(self, wanted: int) -> int:
        """Wait until the record is that long, and how long it then is."""
        clock = SystemClock()
        deadline = clock.monotonic() + _PATIENCE
        end = 0
        while end < wanted and clock.monotonic() < deadline:
            end = (await self._log.bounds([self._routing]))[self._routing][1]
            await asyncio.sleep(0.01)
        return end

    async def _raw(self, inputs: tuple[Partition, int], count: int, begin: int) -> float:
        """The same records read and the same decisions appended, with nothing in between."""
        written = await self._read(self._routing, begin, count)
        if refused := sum(b'"event":"refused"' in entry.value for entry in written):
            raise BenchFailed(f"{refused} of {count} commands were refused")
        partition, first = inputs
        flying: deque[asyncio.Task[int]] = deque()
        started, at = time.perf_counter(), 0
        async with self._log.read({partition: first}) as source:
            while at < count:
                for batch in _batches(written[at : at + len(await source.poll(limit=_BATCH))]):
                    at += len(batch)
                    append = self._sink.append_batch(Partition(_SCRATCH, 0), batch)
                    flying.append(asyncio.create_task(append))
                    if len(flying) >= _WINDOW:
                        await flying.popleft()
        await asyncio.gather(*flying)
        return count / (time.perf_counter() - started)

    async def _read(self, partition: Partition, begin: int, count: int) -> list[Entry]:
        found: list[Entry] = []
        async with self._log.read({partition: begin}) as source:
            while len(found) < count:
                found += [Entry(record.key, record.value) for record in await source.poll()]
        return found[:count]


def medians(repetitions: Sequence[Sequence[Row]]) -> list[Row]:
    """One row for each half of a day."""
    rows = []
    for halves in zip(*repetitions, strict=True):
        ratios = [half["decisions_per_s"] / half["limit_per_s"] for half in halves]
        names = ("decisions_per_s", "limit_per_s", "engine_us", "broker_us")
        numbers = {name: middle([half[name] for half in halves]) for name in names}
        rows.append({"what": halves[0]["what"], **numbers, "of_limit": middle(ratios)})
    return rows


def _batches(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    most = max((weight([entry]) for entry in entries), default=1)
    count = max(1, min(_BATCH, MAX_APPEND_BYTES // most))
    return [entries[at : at + count] for at in range(0, len(entries), count)]
