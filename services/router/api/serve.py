"""The API role, wired."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from services.router.api.app import application
from services.router.api.attempts import Attempts
from services.router.api.commands import Commands
from services.router.api.leases import Leases, Sweeper
from services.router.api.oidc import KeySet, OpenId, fetcher
from services.router.api.parts import Parts
from services.router.api.tail import Tail
from services.router.api.tokens import Tokens
from services.router.settings import ApiSettings
from shared.listener import ListenerLimits, public_listener
from shared.log import Sink
from shared.service import Deps
from shared.versions import RulesBook
from shared.watchdog import Watchdog

_FRESH_SECONDS = 10.0
_PASSWORDS_AT_ONCE = 2
"""Each check takes megabytes and a tenth of a second of a core."""


async def serve_api(deps: Deps, settings: ApiSettings, stop: asyncio.Event) -> None:
    """Answer until `stop` is set; then send the streams away, finish what is under way, return."""
    ended, watchdog = asyncio.Event(), Watchdog(clock=deps.clock)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(deps.log.sink())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        workspaces = list(deps.config.workspaces)
        book = RulesBook(deps.config, deps.shards)
        progress = watchdog.progress("tail")
        tail = Tail(deps.log, deps.clock, deps.shards, workspaces, progress, book.note)
        parts = _parts(deps, settings, sink, tail, book, stop)
        stack.callback(ended.set)
        tasks.create_task(tail.run(ended), name="tail")
        tasks.create_task(book.run(deps.log, deps.clock, ended), name="rules")
        tasks.create_task(_sweeper(parts).run(ended), name="sweeper")
        watching = tasks.create_task(watchdog.run(deps.log), name="watchdog")
        stack.callback(watching.cancel)
        deps.probes.live["api"] = watchdog.alive
        deps.probes.ready["api"] = lambda: (
            tail.fresh(_FRESH_SECONDS) and book.ready.is_set() and not stop.is_set()
        )
        limits = ListenerLimits(
            connections=settings.connections,
            header_seconds=settings.header_seconds,
            body_seconds=settings.body_seconds,
        )
        port = await stack.enter_async_context(
            public_listener(application(parts), settings.listen_host, settings.port, limits)
        )
        deps.listening("api", port)
        await stop.wait()
        tail.wake()


def _parts(
    deps: Deps,
    settings: ApiSettings,
    sink: Sink,
    tail: Tail,
    book: RulesBook,
    stop: asyncio.Event,
) -> Parts:
    return Parts(
        config=deps.config,
        settings=settings,
        log=deps.log,
        sink=sink,
        redis=deps.redis,
        clock=deps.clock,
        shards=deps.shards,
        tail=tail,
        commands=Commands(sink, tail, deps.clock, deps.shards, settings.answer_seconds),
        tokens=Tokens(deps.config, deps.clock, book),
        openid=_openid(deps, book),
        attempts=Attempts(deps.redis, deps.clock),
        leases=Leases(deps.redis, settings.lease_seconds),
        written={},
        streams=Counter(),
        book=book,
        checking=asyncio.Semaphore(_PASSWORDS_AT_ONCE),
        stop=stop,
    )


def _sweeper(parts: Parts) -> Sweeper:
    workspaces, seconds = list(parts.config.workspaces), parts.settings.lease_seconds
    return Sweeper(parts.redis, parts.leases, parts.commands, parts.clock, workspaces, seconds)


def _openid(deps: Deps, book: RulesBook) -> OpenId | None:
    settings = deps.config.api.oidc
    if settings is None:
        return None
    keys = KeySet(fetcher(settings.keys), deps.clock)
    return OpenId(settings, deps.config, keys, deps.clock, book)
