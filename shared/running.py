"""Run one service as a process: settings in, exit status out."""

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import structlog
import uvloop

from shared.errors import PatchbayError
from shared.lifecycle import run_until_stopped
from shared.logs import configure_logs
from shared.opening import open_deps
from shared.service import Deps
from shared.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
Serve = Callable[[Deps, S, asyncio.Event], Awaitable[None]]

log = structlog.get_logger()


def run_service(role: str, settings: S, serve: Serve[S]) -> None:
    """Serve until SIGTERM. An expected failure at start is one line, and exit status 1."""
    configure_logs(settings.log_level, settings.log_format, service=role)
    _spare_the_collector()
    try:
        uvloop.run(_run(role, settings, serve))
    except PatchbayError as error:
        print(f"{role}: {error}", file=sys.stderr)  # noqa: T201 - the last word of a failed start
        raise SystemExit(1) from None


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
            await serve(deps, settings, stop)

    await run_until_stopped(work, settings.grace_seconds)


def _listening(role: str, name: str, port: int) -> None:
    log.info("listening", role=role, listener=name, port=port)
