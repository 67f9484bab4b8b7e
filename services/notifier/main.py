"""Wire the notifier: the log on one side, providers on the other."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from services.notifier.alerts.desk import Desk
from services.notifier.alerts.frequency import Frequency
from services.notifier.alerts.pen import Pen
from services.notifier.alerts.watch import Watch
from services.notifier.contacts import Contacts
from services.notifier.contacts_index import ContactsIndex
from services.notifier.preferences import PreferenceWriter
from services.notifier.sending import open_provider, sending
from services.notifier.settings import NotifierSettings
from services.notifier.writer import SOURCE
from shared.dead_letters import DeadLetters
from shared.log import Sink
from shared.service import Deps
from shared.watchdog import Progress, Watchdog


async def serve(deps: Deps, settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Send what is in `outbound`, warn of what is in `commerce`, until `stop`; then drain."""
    watchdog = Watchdog(clock=deps.clock)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(deps.log.sink())
        provider = await open_provider(deps, settings, stack)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        watching = tasks.create_task(watchdog.run(deps.log), name="watchdog")
        intake = sending(deps, settings, stop, tasks, sink, provider, watchdog.progress("deliver"))
        preferences = PreferenceWriter(sink, deps.clock, deps.shards)
        index = ContactsIndex(
            deps.log, deps.redis, deps.clock, preferences, watchdog.progress("contacts")
        )
        watch = _alerting(deps, settings, sink, watchdog.progress("alerts"))
        deps.probes.live["notifier"] = watchdog.alive
        deps.probes.ready["notifier"] = lambda: not stop.is_set()
        tasks.create_task(intake.run(stop), name="intake")
        tasks.create_task(index.run(stop), name="contacts")
        tasks.create_task(watch.run(stop), name="alerts")
        await stop.wait()
        watching.cancel()


def _alerting(deps: Deps, settings: NotifierSettings, sink: Sink, progress: Progress) -> Watch:
    """Everything between `commerce` and `outbound`."""
    desk = Desk(
        deps.config,
        deps.clock,
        Pen(sink, deps.clock, deps.shards),
        Contacts(deps.redis, deps.clock, deps.shards),
        Frequency(deps.redis, settings.notifier_alerts_per_day),
        timedelta(minutes=settings.notifier_alert_minutes),
    )
    dead_letters = DeadLetters(sink, deps.clock, deps.shards, SOURCE)
    return Watch(deps.log, deps.clock, desk, dead_letters, progress)
