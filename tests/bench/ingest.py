"""Webhook to acknowledged: how much, how late, at what cost, beside its two limits.

The limits are a bare aiohttp handler that reads the same body, and an append of the same records to
the log, both measured in turn with ingest.
"""

import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from shared.clock import SystemClock
from shared.log import Entry, Log, Partition
from shared.opening import open_log
from shared.topics import INBOUND
from tests.bench.append import Append, append_all, records_of, through_aiokafka, through_sink
from tests.bench.cpu import Cpu
from tests.bench.figures import BenchFailed, Report, Row, Size, middle, percentile
from tests.bench.load import Load, arrivals, closed_loop, open_loop
from tests.bench.payloads import Customers
from tests.bench.place import WORKSPACE, Place, Running, place, services

BATCHES = (1, 50)
SHARES = (0.5, 0.8)
BARE, AIOKAFKA, SINK, INGEST = "bare aiohttp", "log, aiokafka", "log, our sink", "ingest"
_FASTEST = {1: 6000, 50: 600}  # requests a second that ingest does not exceed
_SCRATCH = Partition("bench", 0)
_SAMPLE = 5000
_OWN = {BARE: "bare", INGEST: "ingest", AIOKAFKA: "load", SINK: "load"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One repetition, and the CPU seconds everybody used in it."""

    load: Load
    batch: int
    cpu: dict[str, float]

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.load.per_second * self.batch

    def microseconds(self, process: str) -> float:
        """CPU time of a process per event."""
        events = max(1, self.load.answered * self.batch)
        return self.cpu.get(process, float("nan")) / events * 1e6


@dataclass
class Bench:
    """Everything that is started once for all repetitions."""

    found: Place
    running: Running
    size: Size
    log: Log
    appends: dict[str, Append]
    customers: Customers
    cpu: Cpu
    acknowledged: int = 0
    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    entries: list[Entry] = field(default_factory=list)

    async def webhooks(self, role: str, batch: int, seconds: float) -> Load:
        """As many as the process takes; the bare one gets the same ones again and again."""
        count = max(100, int(_FASTEST[batch] * seconds))
        requests: Iterable[bytes] = self.customers.posts(count if role == "ingest" else 100, batch)
        if role == "bare":
            requests = itertools.cycle(requests)
        self.cpu.mark()
        load = await closed_loop(self.running.ports[role], requests, self.size.connections, seconds)
        self.count(role, load, batch)
        return load

    async def appended(self, name: str, batch: int, seconds: float) -> Load:
        """As many records of ingest's as the log takes, in batches of the same size."""
        batches = [self.entries[i : i + batch] for i in range(0, len(self.entries), batch)]
        self.cpu.mark()
        return await append_all(
            self.appends[name],
            _SCRATCH,
            itertools.cycle(batches),
            self.size.connections,
            seconds,
        )

    def count(self, role: str, load: Load, batch: int) -> None:
        """Add to what must be in the log at the end."""
        if load.refused:
            raise BenchFailed(f"{role} refused {load.refused} requests")
        if role == "ingest":
            self.acknowledged += load.answered * batch

    async def warm_up(self) -> None:
        """Everything once, so that nothing is measured cold; and the records to append again."""
        seconds = self.size.seconds / 2
        for role, batch in itertools.product(("bare", "ingest"), BATCHES):
            await self.webhooks(role, batch, seconds)
        partition = INBOUND.partition(WORKSPACE, "", self.found.shards)
        self.entries = await records_of(self.log, partition, _SAMPLE)
        for name in self.appends:
            await self.appended(name, BATCHES[-1], seconds)

    async def repetition(self, batch: int) -> None:
        """Each in turn."""
        turns: dict[str, Callable[[], Awaitable[Load]]] = {
            BARE: lambda: self.webhooks("bare", batch, self.size.seconds),
            INGEST: lambda: self.webhooks("ingest", batch, self.size.seconds),
            AIOKAFKA: lambda: self.appended(AIOKAFKA, batch, self.size.seconds),
            SINK: lambda: self.appended(SINK, batch, self.size.seconds),
        }
        for name, turn in turns.items():
            load = await turn()
            self.samples[name, batch].append(Sample(load, batch, self.cpu.since()))

    async def timed(self, batch: int, share: float) -> list[Row]:
        """Latencies of ingest at a share of what it took, and of the bare handler at that rate."""
        most = middle([sample.load.per_second for sample in self.samples[INGEST, batch]])
        times = arrivals(most * share, max(1.0, self.size.seconds))
        rows: list[Row] = []
        for role, name in (("bare", BARE), ("ingest", INGEST)):
            requests = self.customers.posts(len(times), batch)
            load = await open_loop(self.running.ports[role], times, requests)
            self.count(role, load, batch)
            rows.append(_timed_row(name, batch, share, most * share, load))
        return rows

    def rows(self) -> list[Row]:
        """The saturated figures."""
        return [
            self._row(name, batch) for batch in BATCHES for name in (BARE, AIOKAFKA, SINK, INGEST)
        ]

    def _row(self, name: str, batch: int) -> Row:
        samples = self.samples[name, batch]
        rates = [sample.per_second for sample in samples]
        row: Row = {
            "what": name,
            "batch": batch,
            "events_per_s": middle(rates),
            "lowest": min(rates),
            "highest": max(rates),
            "of_bare": self._ratio(samples, BARE, batch),
            "of_log": self._ratio(samples, SINK, batch),
            "p50_ms": middle([sample.load.milliseconds(0.5) for sample in samples]),
            "p99_ms": middle([sample.load.milliseconds(0.99) for sample in samples]),
        }
        processes = {"own": _OWN[name], "broker": "broker", "valkey": "valkey", "load": "load"}
        for title, process in processes.items():
            row[f"{title}_cpu_us"] = middle([sample.microseconds(process) for sample in samples])
        return row

    def _ratio(self, samples: list[Sample], limit: str, batch: int) -> float:
        """The median of the ratios, each within one repetition."""
        pairs = zip(samples, self.samples[limit, batch], strict=True)
        return middle([sample.per_second / other.per_second for sample, other in pairs])


def _timed_row(name: str, batch: int, share: float, rate: float, load: Load) -> Row:
    return {
        "what": name,
        "batch": batch,
        "load": f"{share:.0%} of ingest's most",
        "requests_per_s": rate,
        "sent": len(load.due),
        "answered": load.answered,
        "p50_ms": load.milliseconds(0.5),
        "p99_ms": load.milliseconds(0.99),
        "late_p99_ms": percentile(load.late, 0.99) * 1000,
    }


async def all_in_the_log(log: Log, shards: int, acknowledged: int) -> None:
    """Raises BenchFailed unless every acknowledged event is in the log, once."""
    bounds = await log.bounds([Partition(INBOUND.name, number) for number in range(shards)])
    held = sum(end - first for first, end in bounds.values())
    if held != acknowledged:
        raise BenchFailed(f"{acknowledged} events acknowledged, {held} in the log")


@asynccontextmanager
async def _bench(size: Size) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(place(size.shards))
        running = await stack.enter_async_context(services(found, ("bare", "ingest")))
        log = await stack.enter_async_context(open_log(found.log_url, SystemClock(), found.shards))
        await log.create_topics({_SCRATCH.topic: 1})
        appends = {
            AIOKAFKA: await stack.enter_async_context(through_aiokafka(found)),
            SINK: await stack.enter_async_context(through_sink(found)),
        }
        customers = Customers(found.app_secret)
        cpu = Cpu(found.pids | running.pids)
        yield Bench(found, running, size, log, appends, customers, cpu)


async def run(size: Size) -> list[Report]:
    """What one ingest process takes, and how long an answer takes at a given rate."""
    async with _bench(size) as bench:
        await bench.warm_up()
        for _, batch in itertools.product(range(size.repetitions), BATCHES):
            await bench.repetition(batch)
        timed = [
            row
            for batch, share in itertools.product(BATCHES, SHARES)
            for row in await bench.timed(batch, share)
        ]
        await all_in_the_log(bench.log, size.shards, bench.acknowledged)
    return [
        Report(
            "webhook to acknowledged, saturated",
            bench.rows(),
            (
                f"{size.connections} clients that wait for each answer; one ingest process",
                "one workspace, and so one partition",
                "of_bare, of_log: the median of the ratios within each repetition",
                "..._cpu_us: CPU time per event; own is the process the row is about",
            ),
        ),
        Report(
            "webhook to acknowledged, at a fixed rate",
            timed,
            (
                "arrivals do not wait for answers; a latency begins when the request was due",
                "late: how much later the load generator itself was",
            ),
        ),
    ]
