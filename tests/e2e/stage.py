"""The demo's town under a test's control: real services in processes, and everybody around them.

A stage outlives its tests: each lets new customers come, does its harm, and asks at the end whether
everybody has been answered.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from patchbay.demo import configuration, layout
from patchbay.demo.configuration import Secrets
from patchbay.demo.layout import Layout
from patchbay.demo.ledger import Summary
from patchbay.demo.processes import ServiceProcess, Services
from patchbay.demo.reconcile import tokens_dead, tokens_waiting
from patchbay.demo.scenario import CHANNELS, LateParcel, Visit, late_parcels, visits
from patchbay.demo.world import World
from patchbay.stack.ports import free_ports
from shared.clock import SystemClock
from shared.opening import open_log
from shared.topics import TOPICS

PATIENCE = 150.0
"""Seconds after which what a test waits for has not happened."""
_SEED, _RATE, _PARCEL_EVERY = 7, 4.0, 3.0
_LOOK = 0.1
_TIMEOUT = aiohttp.ClientTimeout(total=5)

Arrange = Callable[[Mapping[str, str], tuple[int, ...]], Layout]


@dataclass
class Stage:
    """Services that run, restart by themselves when they die, and can be harmed."""

    folder: Path
    log: str
    redis: str
    secrets: Secrets
    plan: Layout
    services: Services
    world: World
    client: aiohttp.ClientSession
    stop: asyncio.Event
    _rounds: int = 0

    @property
    def names(self) -> list[str]:
        """Every service."""
        return [service.name for service in self.plan.services]

    @asynccontextmanager
    async def customers(self) -> AsyncIterator[None]:
        """Customers nobody has seen before come until left; then all of them are answered."""
        self.stop.clear()
        self._rounds += 1
        first, now = self._rounds * 10_000, self.world.now()
        come = self.world.customers.come(
            _visits(first, now), _parcels(first, now)
        )  # fmt: skip
        coming = asyncio.create_task(come)
        try:
            yield
        finally:
            self.stop.set()
            await coming
        await self.world.drained(PATIENCE)

    async def flowing(self) -> None:
        """Wait until somebody who asks from now on has been answered, on every channel."""
        begun = self.world.now()

        def answered() -> bool:
            found = {
                question.place.channel
                for question in self.world.ledger.questions.values()
                if question.asked_at > begun and question.answered_at is not None
            }
            return found >= CHANNELS.keys()

        await self.until(answered, "answers on every channel")

    async def asked(self, count: int) -> None:
        """Wait until so many more customers have tried to ask something."""
        wanted = len(self.world.ledger.questions) + count
        await self.until(lambda: len(self.world.ledger.questions) >= wanted, "customers")

    async def ready(self, *names: str) -> None:
        """Wait until these services, or all, say that they are ready; they may die meanwhile."""
        waits = [self.says(name, "/ready", (200, "ok\n")) for name in names or self.names]
        await asyncio.gather(*waits)

    async def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for it. Fails with what the customers have experienced so far."""
        deadline = self.world.now() + PATIENCE
        while not happened():
            summary = self.world.ledger.summary((), ())
            assert self.world.now() < deadline, f"no {what}: {summary.line()}"
            await asyncio.sleep(_LOOK)

    async def answer(self, name: str, path: str) -> tuple[int, str]:
        """What a service's private port says; status 0 when nobody answers."""
        (service,) = [each for each in self.plan.services if each.name == name]
        address = f"http://127.0.0.1:{service.private_port}{path}"
        try:
            async with self.client.get(address, timeout=_TIMEOUT) as reply:
                return reply.status, await reply.text()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, ""

    async def says(self, name: str, path: str, answer: tuple[int, str]) -> None:
        """Wait until a service's private port says this."""
        deadline = self.world.now() + PATIENCE
        while (heard := await self.answer(name, path)) != answer:
            assert self.world.now() < deadline, f"{name} says {heard}\n{self.tail(name)}"
            await asyncio.sleep(_LOOK)

    async def reconciled(self) -> Summary:
        """The customers' own count, and where Patchbay says the rest is."""
        await self.world.supervisor.sign_in()
        missing = {q.token: q.place.address for q in self.world.ledger.unanswered()}
        waiting = await tokens_waiting(self.world.supervisor, missing.values())
        named = {token for token, address in missing.items() if address in waiting}
        async with open_log(self.log, SystemClock(), layout.SHARDS) as log:
            dead = await tokens_dead(log, layout.SHARDS)
        return self.world.ledger.summary(waiting | named, dead)

    def outputs(self) -> dict[str, str]:
        """Everything the services have written, by service."""
        return {name: (self.folder / f"{name}.log").read_text() for name in self.names}

    def tail(self, name: str) -> str:
        """The end of what a service has written."""
        return (self.folder / f"{name}.log").read_text()[-2000:]


@asynccontextmanager
async def staged(
    folder: Path, log: str, redis: str, arrange: Arrange, *more: str
) -> AsyncIterator[Stage]:
    """The services of this layout on that log and cache, and the town. `more` are services to run
    twice."""
    stop, ended = asyncio.Event(), asyncio.Event()
    secrets, clock = Secrets(), SystemClock()
    *ports, providers, smtp = free_ports(6)
    configuration.write_configuration(folder, layout.places(tuple(ports), providers, smtp))
    environment = layout.common(folder, log, redis, secrets.environment()) | {
        "PATCHBAY_LOG_LEVEL": "DEBUG",
        # After a kill a receipt comes within seconds, or never: nobody need wait the usual minute.
        "PATCHBAY_NOTIFIER_DOUBT_SECONDS": "30",
    }
    plan = _with_more(arrange(environment, tuple(ports)), more)
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        world = World(plan, secrets, _SEED, client, clock, clock.monotonic(), stop)
        await stack.enter_async_context(world.providers("127.0.0.1", providers, smtp))
        services = Services(plan.services, folder)
        stack.push_async_callback(services.stop)
        services.start()
        tasks = [services.keep_running(ended), *(agent.work() for agent in world.agents)]
        running = [asyncio.create_task(task) for task in tasks]
        stack.push_async_callback(_end, running)
        stack.push_async_callback(world.callers.close)
        stack.callback(ended.set)
        yield Stage(folder, log, redis, secrets, plan, services, world, client, stop)


async def create_topics(log: str) -> None:
    """What `patchbay topics create` does."""
    async with open_log(log, SystemClock(), layout.SHARDS) as opened:
        await opened.create_topics(dict.fromkeys(TOPICS, layout.SHARDS))


def _with_more(plan: Layout, names: Sequence[str]) -> Layout:
    """The same with a second process of these services."""
    found = {service.name: service for service in plan.services}
    twins = [_twin(found[name]) for name in names]
    return replace(plan, services=(*plan.services, *twins))


def _twin(service: ServiceProcess) -> ServiceProcess:
    (port,) = free_ports(1)
    environment = {**service.environment, "PATCHBAY_PRIVATE_PORT": str(port)}
    return ServiceProcess(f"{service.name}-2", service.arguments, environment, port)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _visits(first: int, begun: float) -> Iterator[Visit]:
    """Every channel in turn, so that no test waits for luck."""
    for visit, channel in zip(
        visits(_SEED + first, _RATE, begun), itertools.cycle(CHANNELS), strict=False
    ):
        number = first + visit.customer.number
        yield replace(visit, customer=replace(visit.customer, number=number, channel=channel))


def _parcels(first: int, begun: float) -> Iterator[LateParcel]:
    """Every other customer writes back."""
    answers = itertools.cycle((True, False))
    for parcel, answer in zip(late_parcels(_SEED, _PARCEL_EVERY, begun), answers, strict=False):
        number = first + parcel.number
        customer = replace(parcel.customer, number=900_000 + number)
        yield replace(parcel, number=number, customer=customer, answers=answer)
