"""Wire the router's roles."""

import asyncio
from contextlib import AsyncExitStack

from services.router.effects import serve_effects
from services.router.settings import EngineSettings, ViewSettings
from services.router.shard.decisions import SOURCE
from services.router.shard.engine import GROUP, INPUTS, Engine
from services.router.shard.tenure import Workshop
from services.router.view.serve import serve_view as serve_folding
from shared.dead_letters import DeadLetters
from shared.service import Deps
from shared.strikes import Strikes
from shared.watchdog import Watchdog


async def serve_engine(deps: Deps, settings: EngineSettings, stop: asyncio.Event) -> None:
    """Decide on this instance's share of the shards until `stop` is set; then drain and return."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(deps.log.sink())
        source = await stack.enter_async_context(deps.log.subscribe(GROUP, INPUTS))
        dead_letters = DeadLetters(sink, deps.clock, deps.shards, SOURCE)
        watchdog = Watchdog()
        engine = Engine(
            source,
            Workshop(deps.log, sink, deps.clock, dead_letters, deps.instance),
            settings,
            deps.config,
            deps.shards,
            Strikes(deps.redis, deps.clock, GROUP, deps.instance),
            watchdog.progress("engine"),
        )
        watching = asyncio.create_task(watchdog.run(deps.log))
        stack.callback(watching.cancel)
        deps.probes.live["engine"] = watchdog.alive
        deps.probes.ready["engine"] = lambda: engine.ready and not stop.is_set()
        await engine.run(stop)


async def serve_view(deps: Deps, settings: ViewSettings, stop: asyncio.Event) -> None:
    """Derive what follows from the record, until `stop` is set: the view, and the effects."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_folding(deps, settings, stop), name="view")
        tasks.create_task(serve_effects(deps, settings, stop), name="effects")
