"""Wire the notifier: the log on one side, providers on the other."""

import asyncio
from contextlib import AsyncExitStack

from services.notifier.contacts_index import ContactsIndex
from services.notifier.preferences import PreferenceWriter
from services.notifier.sending import open_provider, sending
from services.notifier.settings import NotifierSettings
from shared.service import Deps
from shared.watchdog import Watchdog


async def serve(deps: Deps, settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Send what is in `outbound`, warn of what is in `commerce`, until `stop`; then drain."""
    watchdog = Watchdog(clock=deps.clock)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(deps.log.sink())
        provider = await open_provider(deps, settings, stack)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        watching = tasks.create_task(watchdog.run(deps.log), name="watchdog")
        intake = sending(deps, settings, stop, tasks, sink, provider, watchdog.progress("deliver"))
        index = ContactsIndex(
            deps.log,
            deps.redis,
            deps.clock,
            PreferenceWriter(sink, deps.clock, deps.shards),
            watchdog.progress("contacts"),
        )
        deps.probes.live["notifier"] = watchdog.alive
        deps.probes.ready["notifier"] = lambda: not stop.is_set()
        tasks.create_task(intake.run(stop), name="intake")
        tasks.create_task(index.run(stop), name="contacts")
        await stop.wait()
        watching.cancel()
