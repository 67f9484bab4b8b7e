"""What is measured on: one Kafka node and one Valkey on loopback, and services as own processes."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
from redis.asyncio import Redis

from patchbay.stack import StackFailed, running_kafka, running_redis
from patchbay.stack.ports import free_ports
from patchbay.stack.process import ServerProcess
from patchbay.stack.workspace import workspace
from shared.clock import SystemClock
from shared.opening import open_log
from shared.passwords import Cost, hashed
from shared.topics import TOPICS
from tests.bench.payloads import ACCOUNT, PHONE_NUMBER_ID

WORKSPACE = "shop"
_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_BARE = Path(__file__).with_name("bare.py")


@dataclass(frozen=True)
class Place:
    """Where everything is; `app_secret` signs the account's webhooks, `password` is the agents'.

    `pids` are the processes whose CPU time is worth knowing.
    """

    folder: Path
    log_url: str
    redis_url: str
    shards: int
    agents: tuple[str, ...]
    pids: dict[str, int]
    app_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    password: str = field(default_factory=lambda: secrets.token_hex(16))

    def environment(self, **more: object) -> dict[str, str]:
        """What a service is told."""
        ours: dict[str, object] = {
            "PATCHBAY_CONFIG": self.folder / "patchbay.yaml",
            "PATCHBAY_LOG": self.log_url,
            "PATCHBAY_REDIS_URL": self.redis_url,
            "PATCHBAY_SHARDS": self.shards,
            "PATCHBAY_LOG_LEVEL": "WARNING",
            "PATCHBAY_INGEST_SPOOL": self.folder / "spool",
            "BENCH_APP_SECRET": self.app_secret,
            "BENCH_SECRET": self.app_secret,
            "BENCH_PASSWORD_HASH": hashed(self.password, Cost(log_n=10, p=1)),
        }
        return dict(os.environ) | {name: str(value) for name, value in (ours | more).items()}


@asynccontextmanager
async def place(shards: int, agents: int = 0) -> AsyncIterator[Place]:
    """Empty servers with every topic, and a configuration with so many agents.

    Raises ToolMissing where Java or Maven is missing.
    """
    with workspace("bench") as folder:
        async with running_kafka() as kafka, running_redis() as redis:
            names = tuple(f"agent-{number}" for number in range(agents))
            pids = {"broker": kafka.brokers[0].pid, "valkey": await _redis_pid(redis.url)}
            found = Place(folder, f"kafka://{kafka.servers}", redis.url, shards, names, pids)
            (folder / "patchbay.yaml").write_bytes(orjson.dumps(_configuration(names)))
            (folder / "spool").mkdir()
            async with open_log(found.log_url, SystemClock(), shards) as log:
                await log.create_topics(dict.fromkeys(TOPICS, shards))
            yield found


@dataclass(frozen=True)
class Running:
    """Started services: what each public listener's port is, and each service's process."""

    ports: dict[str, int]
    pids: dict[str, int]


@asynccontextmanager
async def services(found: Place, roles: Sequence[str]) -> AsyncIterator[Running]:
    """The services of these roles as own processes, ready; `bare` is the limit of a webhook."""
    ports = dict(zip(roles, free_ports(len(roles)), strict=True))
    private = dict(zip(roles, free_ports(len(roles)), strict=True))
    started = {role: _process(found, role, ports[role], private[role]) for role in roles}
    try:
        for process in started.values():
            process.spawn()
        for role, process in started.items():
            await _ready(process, ports[role] if role == "bare" else private[role])
        yield Running(ports, {role: process.pid for role, process in started.items()})
    finally:
        await asyncio.gather(*(process.stop(_STOP_SECONDS) for process in started.values()))


_COMMANDS = {
    "ingest": ("-m", "services.ingest", "--channel", "whatsapp"),
    "engine": ("-m", "services.router", "engine"),
    "view": ("-m", "services.router", "view"),
    "api": ("-m", "services.router", "api"),
    "notifier": ("-m", "services.notifier"),
}


def _process(found: Place, role: str, port: int, private: int) -> ServerProcess:
    arguments = _COMMANDS.get(role) or (str(_BARE), str(port))
    environment = found.environment(
        PATCHBAY_PRIVATE_PORT=private, PATCHBAY_INGEST_PORT=port, PATCHBAY_API_PORT=port
    )
    output = found.folder / f"{role}.log"
    return ServerProcess(role, [sys.executable, *arguments], output, environment=environment)


async def _ready(process: ServerProcess, port: int) -> None:
    """Wait until the process answers `/ready`; the bare one has none, and a 404 will do."""
    address = f"http://127.0.0.1:{port}/ready"
    clock = SystemClock()
    deadline = clock.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession() as client:
        while not await _answers(client, address):
            if not process.running or clock.monotonic() > deadline:
                raise StackFailed(f"{process.name} is not ready\n{process.tail()}")
            await clock.sleep(0.05)


async def _answers(client: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with client.get(address) as reply:
            return reply.status in (200, 404)
    except (aiohttp.ClientError, OSError):
        return False


async def _redis_pid(url: str) -> int:
    async with Redis.from_url(url) as client:
        return int((await client.info("server"))["process_id"])


def rules_for(agents: Sequence[str]) -> dict[str, object]:
    """One queue, and everybody serves it."""
    return {
        "queues": {"care": {"title": "Care"}},
        "routes": [{"name": "all", "queue": "care"}],
        "agents": {name: {"queues": ["care"], "capacity": {"whatsapp": 5}} for name in agents},
    }


def _configuration(agents: Sequence[str]) -> dict[str, object]:
    secret = {"env": "BENCH_SECRET"}
    account = {
        "channel": "whatsapp",
        "phone_number_id": PHONE_NUMBER_ID,
        "app_secret": {"env": "BENCH_APP_SECRET"},
        "access_token": secret,
        "verify_token": secret,
    }
    people = {name: {"password_hash": {"env": "BENCH_PASSWORD_HASH"}} for name in agents}
    shop = {
        "identity_key": secret,
        "channels": {ACCOUNT: account},
        "rules": rules_for(agents),
        "people": people,
    }
    return {
        "version": 1,
        "api": {"token_secret": secret},
        "workspaces": {WORKSPACE: shop},
    }
