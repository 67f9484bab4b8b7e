"""Wire everything between `outbound` and the providers."""

import asyncio
from contextlib import AsyncExitStack
from random import SystemRandom

from services.notifier.books import Books
from services.notifier.client import open_client
from services.notifier.contacts import Contacts
from services.notifier.deliver import Deliverer
from services.notifier.dispatch import Dispatch
from services.notifier.echoes import Echoes
from services.notifier.gate import Gate
from services.notifier.intake import GROUP, Intake
from services.notifier.limiter import Limiter
from services.notifier.mailer import open_mailer
from services.notifier.preferences import PreferenceWriter
from services.notifier.provider import Provider
from services.notifier.queues import Job
from services.notifier.settings import NotifierSettings
from services.notifier.writer import SOURCE, DeliveryWriter
from shared.dead_letters import DeadLetters
from shared.log import Partition, Sink
from shared.service import Deps
from shared.strikes import Strikes
from shared.topics import OUTBOUND
from shared.watchdog import Progress

_REMEMBER_LONGER = 3600.0
"""Seconds that the ledger remembers beyond a message's age."""


async def open_provider(deps: Deps, settings: NotifierSettings, stack: AsyncExitStack) -> Provider:
    """The ways out, closed with `stack`."""
    client = await stack.enter_async_context(open_client(settings.call_limits()))
    mailer = await stack.enter_async_context(open_mailer(deps.clock))
    return Provider(client, mailer, deps.clock)


def sending(
    deps: Deps,
    settings: NotifierSettings,
    stop: asyncio.Event,
    tasks: asyncio.TaskGroup,
    sink: Sink,
    provider: Provider,
    progress: Progress,
) -> Intake:
    """What reads the messages and works on them in `tasks`."""
    clock = deps.clock
    books = Books(deps.log, clock, settings.patience().age + _REMEMBER_LONGER)
    writer = DeliveryWriter(sink, clock)
    strikes = Strikes(deps.redis, clock, GROUP, deps.instance)
    deliverer = _deliverer(deps, settings, books, writer, sink, provider)

    async def struck(job: Job) -> None:
        await strikes.strike(Partition(OUTBOUND.name, job.partition), job.offset)

    return Intake(
        deps.log,
        clock,
        books,
        Dispatch(deliverer.work, clock, tasks, stop, settings.room(), settings.fuse(), struck),
        writer,
        Echoes(sink, clock, deps.shards),
        DeadLetters(sink, clock, deps.shards, SOURCE),
        strikes,
        progress=progress,
    )


def _deliverer(
    deps: Deps,
    settings: NotifierSettings,
    books: Books,
    writer: DeliveryWriter,
    sink: Sink,
    provider: Provider,
) -> Deliverer:
    clock = deps.clock
    limiter = Limiter(
        deps.redis,
        clock,
        share=settings.notifier_local_share,
        workspace_per_second=settings.notifier_workspace_per_second,
    )
    return Deliverer(
        deps.config,
        clock,
        books,
        writer,
        provider,
        Gate(Contacts(deps.redis, clock, deps.shards), limiter, clock),
        PreferenceWriter(sink, clock, deps.shards),
        settings.patience(),
        SystemRandom().uniform,
    )
