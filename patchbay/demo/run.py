"""Run the demo: services in their own processes, the world around them in this one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from rich.console import Console

from patchbay.demo import configuration, joining, layout
from patchbay.demo.configuration import Secrets
from patchbay.demo.layout import Layout
from patchbay.demo.ledger import Summary
from patchbay.demo.options import DemoOptions
from patchbay.demo.play import play, reconcile, stop_on_signal
from patchbay.demo.processes import running_services
from patchbay.demo.world import World
from patchbay.stack import running_kafka, running_redis
from patchbay.stack.ports import free_ports
from shared.clock import Clock, SystemClock
from shared.opening import open_log
from shared.topics import TOPICS


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
    stop_on_signal(stop)
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(_ground(options, clock))
        secrets = Secrets()
        world, plan = await _prepare(stack, options, ground, secrets, clock, begun, stop)
        services = await stack.enter_async_context(running_services(plan.services, options.folder))
        known = joining.variables(plan, world.loopback.address, secrets)
        stack.enter_context(joining.written(options.join, known))
        console.print(f"ready after {world.now():.1f} s")
        urls = _urls(plan) | {"to join in": f". {options.join}"}
        await play(options, console, world, services, urls, stop)
        return await reconcile(options, world, ground.log)


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


def _urls(plan: Layout) -> dict[str, str]:
    return {
        "queue API": f"{plan.api}/docs",
        "wait times": f"{plan.api}/v1/wait-times/{configuration.WORKSPACE}",
        "webhooks": plan.webhooks["whatsapp"],
        "metrics": plan.metrics,
    }
