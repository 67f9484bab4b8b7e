"""The services as own processes, brought back when one dies."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from patchbay.stack.errors import StackFailed
from patchbay.stack.process import ServerProcess
from shared.clock import Clock, SystemClock

_READY_SECONDS = 60.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One service to run: its name, its command, its environment and its private port."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    private_port: int


class Services:
    """Starts the services, restarts what dies, and stops everything at the end."""

    def __init__(self, wanted: Sequence[ServiceProcess], folder: Path) -> None:
        self._wanted = wanted
        self._processes = {
            service.name: ServerProcess(
                service.name,
                [sys.executable, *service.arguments],
                folder / f"{service.name}.log",
                environment=service.environment,
            )
            for service in wanted
        }
        self._clock: Clock = SystemClock()
        self._resting: set[str] = set()
        self.restarts = 0

    def start(self, *names: str) -> None:
        """Start all, or these; they find each other through the log, in any order."""
        for name in names or self._processes:
            self._resting.discard(name)
            self._processes[name].spawn()

    async def wait_ready(self) -> None:
        """Wait until every service says it is ready. Raises StackFailed with its last output."""
        async with aiohttp.ClientSession() as client:
            await asyncio.gather(*(self._ready(client, service) for service in self._wanted))

    async def keep_running(self, stop: asyncio.Event) -> None:
        """Start again whatever has died, until `stop` is set."""
        while not stop.is_set():
            for name, process in self._processes.items():
                if not process.running and name not in self._resting:
                    self.restarts += 1
                    process.spawn()
            await self._clock.sleep(0.2)

    async def kill_at_random(
        self, stop: asyncio.Event, every: float, randomness: random.Random
    ) -> None:
        """kill -9 one service after the other, in a random order, at random moments."""
        names: list[str] = []
        while not stop.is_set():
            await self._clock.sleep(every * randomness.uniform(0.5, 1.5))
            names = names or randomness.sample(sorted(self._processes), len(self._processes))
            self._processes[names.pop()].kill()

    def kill(self, name: str, *, rest: bool = False) -> None:
        """kill -9 one service. One that is to rest stays down until it is started again."""
        if rest:
            self._resting.add(name)
        self._processes[name].kill()

    async def drain(self, *names: str) -> dict[str, int | None]:
        """SIGTERM to these at once; their exit statuses. They rest until they are started again."""
        self._resting.update(names)
        await asyncio.gather(*(self._processes[name].stop(_STOP_SECONDS) for name in names))
        return {name: self._processes[name].status for name in names}

    async def stop(self) -> None:
        """SIGTERM to all at once, and wait for their drains."""
        await asyncio.gather(*(process.stop(_STOP_SECONDS) for process in self._processes.values()))

    async def _ready(self, client: aiohttp.ClientSession, service: ServiceProcess) -> None:
        deadline = self._clock.monotonic() + _READY_SECONDS
        process = self._processes[service.name]
        address = f"http://127.0.0.1:{service.private_port}/ready"
        while True:
            try:
                async with client.get(address) as reply:
                    if reply.status == 200:
                        return
            except (aiohttp.ClientError, OSError):
                pass
            if self._clock.monotonic() > deadline or not process.running:
                raise StackFailed(f"{service.name} is not ready\n{process.tail()}")
            await self._clock.sleep(0.1)


@asynccontextmanager
async def running_services(
    wanted: Sequence[ServiceProcess], folder: Path
) -> AsyncIterator[Services]:
    """The services, started and ready; stopped when left."""
    services = Services(wanted, folder)
    services.start()
    try:
        await services.wait_ready()
        yield services
    finally:
        await services.stop()
