"""The demo's customers, agents and providers, around services that somebody else runs."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
from rich.console import Console

from patchbay.demo.configuration import Secrets
from patchbay.demo.layout import Layout
from patchbay.demo.ledger import Summary
from patchbay.demo.options import DemoOptions
from patchbay.demo.play import play, reconcile, stop_on_signal
from patchbay.demo.processes import Services
from patchbay.demo.world import World
from patchbay.stack.errors import StackFailed
from shared.channels.registry import CHANNELS
from shared.clock import SystemClock
from shared.log import Partition
from shared.opening import open_log
from shared.topics import INBOUND


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the services are, and where our providers are to listen.

    `ingest` may hold `{channel}`; `mail` is host:port; `shown` are addresses for people.
    """

    log: str
    shards: int
    ingest: str
    mail: str
    api: str
    host: str
    providers_port: int
    smtp_port: int
    shown: Mapping[str, str]

    def layout(self) -> Layout:
        """The services as the world sees them; none of them is ours to start."""
        host, _, port = self.mail.rpartition(":")
        webhooks = {c: self.ingest.format(channel=c) for c in (*CHANNELS, "commerce")}
        return Layout((), webhooks, int(port), self.api, "", smtp_host=host)


async def attach(
    options: DemoOptions, around: Surroundings, secrets: Secrets, console: Console
) -> Summary:
    """Traffic until stopped or over, then the reconciliation. Raises StackFailed."""
    clock = SystemClock()
    stop = asyncio.Event()
    stop_on_signal(stop)
    await _check_fresh(around)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        world = World(
            around.layout(), secrets, options.seed, client, clock, clock.monotonic(), stop
        )
        await stack.enter_async_context(
            world.providers(around.host, around.providers_port, around.smtp_port)
        )
        await play(options, console, world, Services((), options.folder), around.shown, stop)
        return await reconcile(options, world, around.log, around.shards)


async def _check_fresh(around: Surroundings) -> None:
    """The same seed makes the same messages: a log that knows them would take them for repeated."""
    partitions = [Partition(INBOUND.name, number) for number in range(around.shards)]
    async with open_log(around.log, SystemClock(), around.shards) as log:
        bounds = await log.bounds(partitions)
    if any(end > 0 for _, end in bounds.values()):
        raise StackFailed(
            "This Patchbay has taken messages before; the demo counts from nothing."
            "\nBegin anew: docker compose --profile demo down --volumes"
        )
