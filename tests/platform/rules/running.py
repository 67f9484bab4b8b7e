"""A running engine with the effects beside it, and `patchbay rules` as somebody types it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from redis.asyncio import Redis
from structlog.testing import capture_logs
from typer.testing import CliRunner

from patchbay.cli import app
from services.router.effects import serve_effects
from services.router.main import serve_engine
from services.router.settings import EngineSettings, ViewSettings
from shared.cache import open_cache
from shared.log import Log
from shared.rules import Rules
from shared.service import Deps
from tests.router.shards import WORKSPACE, Site, configuration, eventually, site

SHARDS = 2
RULES: dict[str, Any] = {
    "queues": {"support": {}, "sales": {}},
    "routes": [{"name": "all", "queue": "support"}],
    "agents": {"ada": {"queues": ["support", "sales"], "capacity": {"whatsapp": 100}}},
}


def ruled(queue: str, **more: Any) -> dict[str, Any]:
    """Rules by which everything goes to this queue."""
    return {**RULES, "routes": [{"name": f"to-{queue}", "queue": queue}], **more}


@dataclass
class Running:
    """`place` is the log with its customers, `folder` where files are written."""

    place: Site
    redis: "Redis"
    folder: Path
    url: str
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    serving: list[asyncio.Task[None]] = field(default_factory=list)

    async def rules(self, *words: str, status: int = 0) -> str:
        """What `patchbay rules …` prints, with what it complains of where it fails. A word that
        names a file is looked up in the folder.
        """
        arguments = [str(self.folder / word) if word.endswith(".yaml") else word for word in words]
        environ = {"PATCHBAY_LOG": self.url, "PATCHBAY_SHARDS": str(SHARDS), "COLUMNS": "200"}
        runner = CliRunner(env=environ)
        with capture_logs():  # the engine beside it logs to the same output
            done = await asyncio.to_thread(runner.invoke, app, ["rules", *arguments])
        assert done.exit_code == status, done.output
        return done.output if status else done.stdout

    def write(self, name: str, rules: Mapping[str, Any]) -> str:
        """A file with these rules; its name."""
        content = {"workspaces": {WORKSPACE: {"rules": dict(rules)}}}
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
        return name

    async def start(self, rules: Mapping[str, Any] = RULES) -> None:
        """Start an engine with a file that says these rules, and the effects; wait until ready."""
        self.stop = asyncio.Event()
        config = configuration({WORKSPACE: Rules.model_validate(rules)})
        deps = Deps(self.place.log, self.redis, self.place.clock, config, SHARDS, "test")
        self.serving = [
            asyncio.create_task(serve_engine(deps, EngineSettings(), self.stop)),
            asyncio.create_task(serve_effects(deps, ViewSettings(), self.stop)),
        ]
        await eventually(lambda: deps.probes.not_ready() == [])

    async def end(self) -> None:
        """Stop them in good order."""
        self.stop.set()
        await asyncio.gather(*self.serving)


@asynccontextmanager
async def running(
    log: Log, url: str, redis_url: str, folder: Path, rules: Mapping[str, Any] = RULES
) -> AsyncIterator[Running]:
    """A running engine on this log."""
    async with open_cache(redis_url) as redis, site(log, SHARDS) as place:
        here = Running(place, redis, folder, url)
        await here.start(rules)
        yield here
        await here.end()


def placed(events: Sequence[Any]) -> list[tuple[str, int]]:
    """The queue of each placing, and the version that chose it."""
    return [(event.queue, event.rules) for event in events]
