"""Run the demo: services in their own processes, the world around them in this one."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.live import Live

from patchbay.demo import configuration, joining, layout
from patchbay.demo.configuration import Secrets
from patchbay.demo.layout import Layout
from patchbay.demo.ledger import Summary
from patchbay.demo.options import DemoOptions
from patchbay.demo.processes import Services, running_services
from patchbay.demo.reconcile import tokens_dead, tokens_waiting
from patchbay.demo.scenario import late_parcels, visits
from patchbay.demo.table import Board
from patchbay.demo.world import World
from patchbay.stack import running_kafka, running_redis
from patchbay.stack.ports import free_ports
from shared.clock import Clock, SystemClock
from shared.opening import open_log
from shared.topics import TOPICS

_PARCEL_EVERY = 4.0
_PROGRESS_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What the services stand on: the log's and the cache's addresses."""

    log: str
    redis: str


async def run(options: DemoOptions, console: Console) -> Summary:
    """Traffic until stopped or over, then a drain, then the reconciliation."""
    clock = SystemClock()
    begun = clock.monotonic()
    stop = asyncio.Event()
    _stop_on_signal(stop)
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(_ground(options, clock))
        secrets = Secrets()
        world, plan = await _prepare(stack, options, ground, secrets, clock, begun, stop)
        services = await stack.enter_async_context(running_services(plan.services, options.folder))
        known = joining.variables(plan, world.loopback.address, secrets)
        stack.enter_context(joining.written(options.join, known))
        console.print(f"ready after {world.now():.1f} s")
        await _traffic(options, console, world, plan, services, stop)
        return await _reconcile(options, world, ground, clock)


@asynccontextmanager
async def _ground(options: DemoOptions, clock: Clock) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(running_redis())
        if options.stack == "embedded":
            yield Ground(f"sqlite:///{options.folder / 'patchbay.db'}", redis.url)
            return
        kafka = await stack.enter_async_context(running_kafka())
        ground = Ground(f"kafka://{kafka.servers}", redis.url)
        async with open_log(ground.log, clock, layout.SHARDS) as log:
            await log.create_topics(dict.fromkeys(TOPICS, layout.SHARDS))
        yield ground


async def _prepare(
    stack: AsyncExitStack,
    options: DemoOptions,
    ground: Ground,
    secrets: Secrets,
    clock: Clock,
    begun: float,
    stop: asyncio.Event,
) -> tuple[World, Layout]:
    """The configuration, the world with its providers listening, and the plan of processes."""
    *ports, providers, smtp = free_ports(6)
    places = layout.places(tuple(ports), providers, smtp)
    configuration.write_configuration(options.folder, places)
    environment = layout.common(options.folder, ground.log, ground.redis, secrets.environment())
    arrange = layout.embedded if options.stack == "embedded" else layout.separate
    plan = arrange(environment, tuple(ports))
    client = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    )
    world = World(plan, secrets, options.seed, client, clock, begun, stop)
    await stack.enter_async_context(world.providers("127.0.0.1", providers, smtp))
    return world, plan


async def _traffic(
    options: DemoOptions,
    console: Console,
    world: World,
    plan: Layout,
    services: Services,
    stop: asyncio.Event,
) -> None:
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        helpers = [
            tasks.create_task(services.keep_running(ended)),
            tasks.create_task(_show(options, console, world, plan, services, ended)),
            *(tasks.create_task(agent.work()) for agent in world.agents),
        ]
        if options.kill_every is not None:
            randomness = random.Random(options.seed)
            killing = services.kill_at_random(stop, options.kill_every, randomness)
            helpers.append(tasks.create_task(killing))
        if options.seconds is not None:
            asyncio.get_running_loop().call_later(options.seconds, stop.set)
        begun = world.now()
        await world.customers.come(
            visits(options.seed, options.rate, begun),
            late_parcels(options.seed, _PARCEL_EVERY, begun),
        )
        await world.drained(options.drain_seconds)
        ended.set()
        await world.callers.close()
        for helper in helpers:
            helper.cancel()


async def _show(
    options: DemoOptions,
    console: Console,
    world: World,
    plan: Layout,
    services: Services,
    ended: asyncio.Event,
) -> None:
    urls = {
        "queue API": f"{plan.api}/docs",
        "wait times": f"{plan.api}/v1/wait-times/{configuration.WORKSPACE}",
        "webhooks": plan.webhooks["whatsapp"],
        "metrics": plan.metrics,
        "to join in": f". {options.join}",
    }
    board = Board(world.ledger, world.handled, urls, lambda: services.restarts)
    first = asyncio.create_task(_first_answer(world, console))
    try:
        if console.is_terminal:
            with Live(board, console=console, refresh_per_second=4):
                await ended.wait()
            return
        for name, url in urls.items():
            console.print(f"{name}: {url}")
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _PROGRESS_EVERY)
            console.print(f"{world.now():5.0f} s  {board.line()}")
    finally:
        first.cancel()


async def _first_answer(world: World, console: Console) -> None:
    while not any(q.answered_at is not None for q in world.ledger.questions.values()):
        await world.clock.sleep(0.05)
    console.print(f"first conversation answered after {world.now():.1f} s")


async def _reconcile(options: DemoOptions, world: World, ground: Ground, clock: Clock) -> Summary:
    await world.supervisor.sign_in()
    unanswered = {q.token: q.place.address for q in world.ledger.unanswered()}
    waiting = await tokens_waiting(world.supervisor, unanswered.values())
    named = {token for token, address in unanswered.items() if address in waiting}
    async with open_log(ground.log, clock, layout.SHARDS) as log:
        dead = await tokens_dead(log, layout.SHARDS)
    summary = world.ledger.summary(waiting | named, dead)
    _explain(options.folder, world, summary)
    return summary


def _explain(folder: Path, world: World, summary: Summary) -> None:
    """Leave the unanswered questions for whoever wants to know what became of them."""
    lines = [
        f"{q.token} {q.place.channel} {q.place.address} asked={q.asked_at:.1f}"
        for q in world.ledger.unanswered()
    ]
    repeated = [f"{nonce} x{n}" for nonce, n in world.ledger.answers.items() if n > 1]
    text = "\n".join([summary.line(), "unanswered:", *lines, "repeated:", *repeated, ""])
    (folder / "reconciliation.txt").write_text(text)


def _stop_on_signal(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
