"""Start, stop well, and stop in any case."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

Work = Callable[[asyncio.Event], Awaitable[None]]

# After the grace, what is left has this long to close its resources, in seconds.
_CLOSING = 5.0
STUCK = 70
"""The exit status of a process that could not even be cancelled (EX_SOFTWARE of sysexits.h)."""


async def run_until_stopped(work: Work, grace_seconds: float) -> None:
    """Run `work(stop)` to its end. SIGTERM or SIGINT sets `stop`, and the drain begins.

    Work that outlives the grace is cancelled, and TimeoutError raised; a second signal does so at
    once. Resources belong into `work`, in one AsyncExitStack: they close in reverse order, after
    the drain. A process that is still there 5 s after the grace ends itself with status 70 and
    the stacks of all threads. (So the pod's termination grace is the grace plus 5 s and a margin.)
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    limit = asyncio.timeout(None)
    last_resort = threading.Timer(grace_seconds + _CLOSING, _end_process)
    last_resort.daemon = True

    def begin() -> None:
        if stop.is_set():
            limit.reschedule(loop.time())
            return
        log.info("stopping", grace_seconds=grace_seconds)
        stop.set()
        limit.reschedule(loop.time() + grace_seconds)
        last_resort.start()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, begin)
    try:
        async with limit:
            await work(stop)
    finally:
        last_resort.cancel()
        for number in signals:
            loop.remove_signal_handler(number)


def _end_process() -> None:
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    os._exit(STUCK)
