"""The pure engine by itself: commands a second on one core, and how that grows.

One round of work is: a customer writes, an agent closes what he holds and is offered the next, he
accepts. 500 skill classes; every two agents share a profile; everybody is busy and much waits.
Run as a program it says what the engine that it was started with comes to, as JSON.
"""

import gc
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from statistics import median
from typing import Any

from services.router.engine.capture import Capture
from services.router.engine.decide import Input, decide
from services.router.engine.restore import restore
from services.router.engine.snapshot import snapshot
from services.router.engine.state import State
from services.router.engine.turn import Context
from services.router.shard.engine import ENGINE
from shared.events.commands import AcceptOffer, Close, Configure, SetPresence
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.routing import (
    Assigned,
    Attached,
    Closed,
    Offered,
    OfferEnded,
    Opened,
    Queued,
    RoutingEvent,
)
from shared.ids import derived_id
from shared.rules import Rules
from tests.bench import compiled
from tests.bench.figures import Report, Row, Size

QUEUES, SKILLS = 50, 10
_MOST_TRACED = 100_000
START = datetime(2026, 1, 1, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)


async def run(size: Size) -> list[Report]:
    """Figures for `make bench`; some minutes, most of them to let a million wait twice, and to
    compile."""
    rows = rows_for(size)
    beside = compiled.rows_for(size, rows)
    return [Report("the engine alone", rows), Report("the engine alone, compiled", beside)]


def rows_for(size: Size) -> list[Row]:
    """By the engine of this process."""
    if size.quick:
        return figures(waiting=(100,), agents=(100,), rounds=100)
    return figures(waiting=(1_000, size.waiting), agents=(100, 10_000), rounds=5_000)


def figures(waiting: Iterable[int], agents: Iterable[int], rounds: int) -> list[dict[str, Any]]:
    """Growth with what waits, growth with agents, all of both, memory and snapshots."""
    most = max(waiting)
    found = _grown([_growth("waiting", size, 1_000, size, rounds) for size in waiting])
    found += _grown([_growth("agents", size, size, 20_000, rounds) for size in agents])
    found.append(_growth("waiting, most agents", most, max(agents), most, rounds))
    found.append(_idle_agents(rounds))
    found += _memory_and_snapshots(min(most, _MOST_TRACED))
    return found


def _grown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with the time of a command as a multiple of that in the smallest."""
    smallest = rows[0]["commands/s"]
    return [{**row, "times the smallest": smallest / row["commands/s"]} for row in rows]


@dataclass
class Centre:
    """A contact centre at full load, and what every kind of command has cost so far."""

    agents: int
    state: State = field(default_factory=State)
    pick: random.Random = field(default_factory=lambda: random.Random(7))
    now: int = START_MS
    customers: int = 0
    held: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.do("configure", Configure(workspace="w", digest="d", rules=_rules(self.agents)))

    def do(self, kind: str, command: Input) -> tuple[RoutingEvent, ...]:
        """Decide on it, and note how long that took."""
        self.now += 1
        context = Context(self.now, f"{kind}{self.now}")
        begin = time.perf_counter()
        events = decide(self.state, command, context)
        self.seconds.setdefault(kind, []).append(time.perf_counter() - begin)
        return events

    def sign_in(self) -> None:
        for number in range(self.agents):
            name = f"agent{number}"
            offers = self.do(
                "sign_in",
                SetPresence(workspace="w", actor=name, agent=name, state="available"),
            )
            self._accept(offers)

    def write(self) -> tuple[RoutingEvent, ...]:
        self.customers += 1
        return self.do("write", _event(self.customers, self.pick.randrange(QUEUES * SKILLS)))

    def serve_next(self) -> None:
        """Somebody closes what he holds and takes the next."""
        at = self.pick.randrange(len(self.held))
        self.held[at], self.held[-1] = self.held[-1], self.held[at]
        conversation, agent = self.held.pop()
        command = Close(workspace="w", actor=agent, conversation=conversation)
        self._accept(self.do("close", command))

    def _accept(self, events: Iterable[RoutingEvent]) -> None:
        for event in events:
            if isinstance(event, Offered):
                command = AcceptOffer(workspace="w", actor=event.agent, offer=event.offer)
                self.do("accept", command)
                self.held.append((event.conversation, event.agent))

    def forget_costs(self) -> None:
        self.seconds.clear()

    def microseconds(self, kind: str) -> float:
        """The median: what the machine does for others meanwhile is not in it."""
        return median(self.seconds[kind]) * 1e6

    def figures(self, measured: str, size: int) -> dict[str, Any]:
        kinds = ("write", "close", "accept")
        mean = sum(self.microseconds(kind) for kind in kinds) / len(kinds)
        return {
            "measured": measured,
            "size": size,
            "commands/s": 1e6 / mean,
            "of the floor": _floor() / mean,
            "write µs": self.microseconds("write"),
            "close and next offer µs": self.microseconds("close"),
            "accept µs": self.microseconds("accept"),
        }


def _growth(what: str, size: int, agents: int, waiting: int, rounds: int) -> dict[str, Any]:
    centre = Centre(agents)
    for _ in range(waiting + 3 * agents):
        centre.write()
    centre.sign_in()
    centre.forget_costs()
    gc.collect()
    for _ in range(rounds):
        centre.write()
        centre.serve_next()
    return centre.figures(f"busy, by {what}", size)


def _idle_agents(rounds: int) -> dict[str, Any]:
    """Most agents are free: every message finds the one who is idle longest."""
    centre = Centre(10_000)
    for _ in range(3 * QUEUES * SKILLS):
        centre.write()  # every skill class is known before the clock starts
    centre.sign_in()
    while centre.held:
        centre.serve_next()
    centre.forget_costs()
    gc.collect()
    for _ in range(rounds):
        centre._accept(centre.write())
        centre.serve_next()
    return centre.figures("idle agents", 10_000)


def _floor() -> float:
    """µs per command to build a round's events and ids, put two things on a heap, and no more:
    what an engine that need not decide anything would cost here and now."""
    heap: list[tuple[int, int]] = []

    def round_of_work(number: int) -> None:
        name = derived_id("cnv", "w", str(number))
        Opened(name, "k", "whatsapp", "a", "49", "A", {"channel": "whatsapp"}, number)
        Attached(name, "ref", "message", number)
        Queued(name, "q", "normal", {"s": 1}, number, number, "new", "r")
        Closed(name, "agent", number)
        Offered(name, derived_id("off", "w", str(number)), "agent", number, number)
        OfferEnded(name, "off", "agent", "accepted", number)
        Assigned(name, "agent", number)
        heappush(heap, (number, number))
        heappush(heap, (number, number))
        heappop(heap)

    durations = []
    for number in range(5_000):
        begin = time.perf_counter()
        round_of_work(number)
        durations.append(time.perf_counter() - begin)
    return median(durations) * 1e6 / 3


def _memory_and_snapshots(waiting: int) -> list[dict[str, Any]]:
    events = [_event(number, number % (QUEUES * SKILLS)) for number in range(waiting)]
    centre = Centre(10)
    gc.collect()
    tracemalloc.start()
    for event in events:
        decide(centre.state, event, Context(centre.now, event.id))
    gc.collect()
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    text, write = _timed(lambda: snapshot(centre.state))
    _, read = _timed(lambda: restore(text))
    begun, begin = _timed(lambda: Capture(centre.state))
    _, step = _timed(lambda: begun.step(1_000))
    return [
        {
            "measured": "memory and snapshot",
            "size": waiting,
            "bytes per conversation": memory / waiting,
            "snapshot bytes per conversation": len(text) / waiting,
            "snapshot s": write,
            "restore s": read,
            "longest stall ms": max(begin, step) * 1000,
        }
    ]


def _timed(work: Any) -> tuple[Any, float]:
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


def _rules(agents: int) -> Rules:
    pick = random.Random(11)
    return Rules.model_validate(
        {
            "queues": {f"q{n}": {"offer_seconds": 3600} for n in range(QUEUES)},
            "routes": [
                {
                    "name": f"r{n}",
                    "when": {"intent": [str(n)]},
                    "queue": f"q{n % QUEUES}",
                    "requires": {f"s{n // QUEUES}": 1},
                }
                for n in range(QUEUES * SKILLS)
            ],
            "agents": {
                f"agent{n}": abilities
                for n, abilities in enumerate(_abilities(pick, (agents + 1) // 2) * 2)
                if n < agents
            },
            "default_capacity": {"whatsapp": 1},
        }
    )


def _abilities(pick: random.Random, profiles: int) -> list[dict[str, Any]]:
    return [
        {
            "queues": [f"q{n}" for n in pick.sample(range(QUEUES), 3)],
            "skills": {f"s{n}": pick.randint(1, 5) for n in pick.sample(range(SKILLS), 4)},
        }
        for _ in range(profiles)
    ]


def _event(number: int, intent: int) -> CustomerEvent:
    at = START + timedelta(milliseconds=number)
    return CustomerEvent(
        id=f"shop:wamid.{number:024d}",
        workspace="w",
        channel="whatsapp",
        account="shop",
        conversation_key=f"{number:024x}",
        received_at=at,
        action=Action(
            kind="message",
            sender=Sender(address=f"49{number:010d}", name="A Customer", language="en"),
            occurred_at=at,
            provider_id=f"wamid.{number:024d}",
            hints={"intent": str(intent)},
        ),
    )


if __name__ == "__main__":
    measured = rows_for(Size(**json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps({"engine": ENGINE, "rows": measured}))
