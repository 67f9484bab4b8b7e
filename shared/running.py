"""Run one service as a process: settings in, exit status out."""

import asyncio
import errno
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import structlog
import uvloop

from shared.errors import ConfigurationInvalid, PatchbayError
from shared.lifecycle import run_until_stopped
from shared.logs import configure_logs
from shared.opening import open_deps
from shared.service import Deps
from shared.settings import ServiceSettings, read_settings, strange_variables

S = TypeVar("S", bound=ServiceSettings)
Serve = Callable[[Deps, S, asyncio.Event], Awaitable[None]]

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0
_DETAIL = 200
_NOT_OURS = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}
"""A port or a file that the configuration names, and that is not for us."""


def run_service(
    role: str,
    read: Callable[[], S],
    serve: Serve[S],
    others: Iterable[type[ServiceSettings]] = (),
) -> None:
    """Serve until SIGTERM. An expected failure is one line, and exit status 1.

    `others` are the settings of roles that are served in this process besides.
    """
    try:
        settings = read_settings(read)
        role = settings.role(role)
        configure_logs(settings.log_level, settings.log_format, service=role)
        _name_strange_variables((type(settings), *others))
        _spare_the_collector()
        uvloop.run(_run(role, settings, serve))
    except (PatchbayError, OSError, ExceptionGroup) as error:
        known = expected(error)
        if known is None:
            raise
        print(f"{role}: {known}", file=sys.stderr)  # noqa: T201 - the last word of a failed start
        raise SystemExit(1) from None


async def persistently(serve: Serve[S], deps: Deps, settings: S, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Whenever the log or Redis was away for too long, begin anew:
    whoever restarts processes that end does so ever more slowly, and we would come back late.

    Raises what is no such failure, and what happens while draining.
    """
    while not stop.is_set():
        try:
            await serve(deps, settings, stop)
            return  # noqa: TRY300 - the rest is for failures
        except (PatchbayError, ExceptionGroup) as error:
            known = expected(error)
            if known is None or not known.retryable or stop.is_set():
                raise
            log.warning("service_waits", reason=known.code, detail=str(known)[:_DETAIL])
        deps.probes.forget()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_SECONDS):
                await stop.wait()


def expected(error: Exception) -> PatchbayError | None:
    """The failure that has a name, of several the one that says most; None: there is a bug."""
    if isinstance(error, PatchbayError):
        return error
    if isinstance(error, OSError) and error.errno in _NOT_OURS:
        return ConfigurationInvalid(str(error))
    if not isinstance(error, ExceptionGroup):
        return None
    found = [expected(each) for each in error.exceptions]
    known = [each for each in found if each is not None]
    return min(known, key=lambda each: each.retryable) if len(known) == len(found) else None


def _name_strange_variables(known: Iterable[type[ServiceSettings]]) -> None:
    """A setting with a typo in its name would silently be none."""
    environ = os.environ  # noqa: TID251 - what else stands in it beside the settings
    for name, meant in strange_variables(environ, known):
        hint = f"did you mean {meant}?" if meant else "no role has a variable of this name"
        log.warning("unknown_variable", variable=name, hint=hint)


def _spare_the_collector() -> None:
    """Modules live as long as the process: no collection need look at them. And messages make
    many short-lived objects: every 700 of them (Python's default) is too often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


async def _run(role: str, settings: S, serve: Serve[S]) -> None:
    async def work(stop: asyncio.Event) -> None:
        environ = os.environ  # noqa: TID251 - where the configuration's secrets come from
        async with open_deps(settings, environ, role, partial(_listening, role)) as deps:
            await persistently(serve, deps, settings, stop)

    await run_until_stopped(work, settings.grace_seconds)


def _listening(role: str, name: str, port: int) -> None:
    log.info("listening", role=role, listener=name, port=port)
