"""Webhook to an offer on an agent's event stream, at fixed rates of arrival.

Every contact is lived through: a customer nobody has seen before writes, an agent is offered the
conversation, accepts and closes it. All services, one broker and Valkey share the machine with the
load. The limit is the same way with nothing on it: a POST that is echoed on a stream, and twice the
way of a record through the log.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from shared.clock import SystemClock
from shared.ids import conversation_key, derived_id
from shared.log import Entry, Log, Partition
from shared.opening import open_log
from tests.bench.cpu import Cpu
from tests.bench.desks import Desks
from tests.bench.figures import BenchFailed, Report, Row, Size, percentile
from tests.bench.load import arrivals, open_loop, paced
from tests.bench.payloads import ACCOUNT, Customers, message_id
from tests.bench.place import WORKSPACE, Place, Running, place, services
from tests.bench.streams import EventStream

SERVICES = ("ingest", "engine", "view", "api", "notifier")
_SCRATCH = Partition("bench", 0)
_RECORD = 700  # bytes, like most of what we write
_PATIENCE = 20.0
_SATURATED = 1.0


@dataclass(frozen=True)
class _Bench:
    found: Place
    running: Running
    size: Size
    log: Log
    customers: Customers
    desks: Desks
    cpu: Cpu

    async def echo(self, rate: float, seconds: float) -> list[float]:
        """From when a POST was due to the event it causes: one process, and no log."""
        port = self.running.ports["bare"]
        seen: list[float] = []
        stream = await EventStream.open(port, {}, lambda _name, _data, at: seen.append(at))
        seen.clear()
        times = arrivals(rate, seconds)
        load = await open_loop(port, times, self.customers.posts(len(times)))
        await asyncio.sleep(0.2)
        stream.close()
        return [at - due for at, due in zip(seen, load.due, strict=True)]

    async def hop(self, rate: float, seconds: float) -> list[float]:
        """From when an append was due to the record in a reader's hands."""
        times = arrivals(rate, seconds)
        latencies: list[float] = []
        bounds = await self.log.bounds([_SCRATCH])
        begun = time.perf_counter() + 0.5
        async with (
            self.log.sink() as sink,
            self.log.read({_SCRATCH: bounds[_SCRATCH][1]}) as source,
            asyncio.TaskGroup() as group,
        ):

            async def read() -> None:
                while len(latencies) < len(times):
                    records = await source.poll(wait=0.2)
                    now = time.perf_counter()
                    latencies.extend(now - begun - times[int(record.key)] for record in records)

            group.create_task(read())
            async for index in paced(begun, times):
                entry = Entry(str(index).encode(), b"x" * _RECORD)
                group.create_task(sink.append(_SCRATCH, entry))
        return latencies

    async def contacts(self, rate: float) -> tuple[Row, Row]:
        """Webhooks at this rate, each followed to the agent's stream; and who paid for it."""
        times = arrivals(rate, self.size.latency_seconds)
        first = self.customers.written
        posts = self.customers.posts(len(times))
        names = [self._conversation(index) for index in range(first, self.customers.written)]
        self.cpu.mark()
        load = await open_loop(self.running.ports["ingest"], times, posts)
        await self._offered(names)
        await self.desks.drained()
        cpu = self.cpu.since()
        if load.refused or self.desks.refused:
            raise BenchFailed(f"refused: {load.refused} webhooks, {self.desks.refused} commands")
        offered = self.desks.offered
        waits = [offered[n] - due for n, due in zip(names, load.due, strict=True) if n in offered]
        row = {
            "what": "webhook to offer",
            "per_s": rate,
            **_milliseconds(waits),
            "ack_p50_ms": load.milliseconds(0.5),
            "ack_p99_ms": load.milliseconds(0.99),
            "contacts": len(times),
            "missing": len(times) - len(waits),
        }
        spent = {name: used / len(times) * 1e6 for name, used in cpu.items()}
        return row, {"per_s": rate, **spent, "all": sum(spent.values())}

    def _conversation(self, index: int) -> str:
        """What the engine calls the conversation that this message opens."""
        key = conversation_key(
            self.found.app_secret.encode(), WORKSPACE, ACCOUNT, self.customers.number_of(index)
        )
        return derived_id("cnv", WORKSPACE, key, f"{ACCOUNT}:{message_id(index)}")

    async def _offered(self, names: Sequence[str]) -> None:
        """Wait until all have been offered, but not for ever."""
        clock = SystemClock()
        deadline = clock.monotonic() + _PATIENCE
        while not self.desks.offered.keys() >= set(names) and clock.monotonic() < deadline:
            await clock.sleep(0.1)


async def run(size: Size) -> list[Report]:
    """How long until an agent sees what a customer wrote, up to where the machine is full."""
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(place(size.shards, size.agents))
        running = await stack.enter_async_context(services(found, ("bare", *SERVICES)))
        log = await stack.enter_async_context(open_log(found.log_url, SystemClock(), size.shards))
        await log.create_topics({_SCRATCH.topic: 1})
        desks = Desks(running.ports["api"], found.password)
        stack.callback(desks.close)
        pids = {name: pid for name, pid in running.pids.items() if name != "bare"}
        customers, cpu = Customers(found.app_secret), Cpu(pids | found.pids)
        bench = _Bench(found, running, size, log, customers, desks, cpu)
        return await _reports(bench)


_NOTES = (
    "arrivals are independent (Poisson) and do not wait; a latency begins when the webhook was due",
    "each contact is also accepted and closed: three decisions for one conversation",
    "limit: the echo and two hops, measured at the first rate before and after everything else",
    "of_limit: the ratio of the medians",
)


async def _reports(bench: _Bench) -> list[Report]:
    rates, seconds = bench.size.rates, bench.size.latency_seconds / 4
    echo, hop = await bench.echo(rates[0], seconds), await bench.hop(rates[0], seconds)
    await bench.desks.open(bench.found.agents)
    await bench.contacts(rates[0])  # warm
    rows, spent = await _rising(bench)
    echo += await bench.echo(rates[0], seconds)
    hop += await bench.hop(rates[0], seconds)
    limits = _limits(rates[0], _milliseconds(echo), _milliseconds(hop))
    rows = [{**row, "of_limit": row["p50_ms"] / limits[-1]["p50_ms"]} for row in rows]
    return [
        Report("webhook to an offer on an agent's stream", [*limits, *rows], _NOTES),
        Report("CPU time of a contact, in microseconds", spent, ("load is the simulated world",)),
    ]


async def _rising(bench: _Bench) -> tuple[list[Row], list[Row]]:
    """Rate after rate, until the machine is full."""
    rows: list[Row] = []
    spent: list[Row] = []
    for rate in bench.size.rates:
        row, cpu = await bench.contacts(rate)
        rows.append(row)
        spent.append(cpu)
        if row["missing"] or row["p50_ms"] > _SATURATED * 1000:
            break
    return rows, spent


def _limits(rate: float, echo: Row, hop: Row) -> list[Row]:
    limit = {name: echo[name] + 2 * hop[name] for name in ("p50_ms", "p99_ms")}
    return [
        {"what": "echo: POST to event", "per_s": rate, **echo},
        {"what": "hop: append to reader", "per_s": rate, **hop},
        {"what": "limit: echo and two hops", "per_s": rate, **limit},
    ]


def _milliseconds(values: Sequence[float]) -> Row:
    return {
        "p50_ms": percentile(values, 0.5) * 1000,
        "p99_ms": percentile(values, 0.99) * 1000,
        "longest_ms": percentile(values, 1.0) * 1000,
    }
