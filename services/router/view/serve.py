"""The view role, wired."""

import asyncio

from services.router.settings import ViewSettings
from services.router.view.store import Store
from services.router.view.worker import Worker
from shared.service import Deps
from shared.watchdog import Watchdog

_READY_SECONDS = 10.0
_DAY_MS = 86_400_000


async def serve_view(deps: Deps, settings: ViewSettings, stop: asyncio.Event) -> None:
    """Fold the log into Redis until `stop` is set."""
    watchdog = Watchdog(clock=deps.clock)
    worker = Worker(
        deps.log,
        Store(deps.redis, deps.clock),
        deps.clock,
        list(deps.config.workspaces),
        round(settings.keep_days * _DAY_MS),
        watchdog.progress("view"),
    )

    def up_to_date() -> bool:
        return deps.clock.monotonic() - worker.healthy_at < _READY_SECONDS

    deps.probes.ready["view"] = up_to_date
    deps.probes.live["view"] = watchdog.alive
    watching = asyncio.create_task(watchdog.run(deps.log))
    try:
        await worker.run(stop)
    finally:
        watching.cancel()
