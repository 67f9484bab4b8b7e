"""How long the event loop stood still, and how much memory a process has used."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.002


@dataclass
class Stalls:
    """`longest_ms` is how late a tick came, `busy_ms` how much of the CPU this thread had between
    two ticks: what the loop did in one piece, whatever else kept the machine busy.
    """

    longest_ms: float = 0.0
    busy_ms: float = 0.0


@contextmanager
def stalls() -> Iterator[Stalls]:
    """Watch the running loop."""
    found = Stalls()

    async def tick() -> None:
        while True:
            due, used = time.perf_counter() + _TICK, time.thread_time()
            await asyncio.sleep(_TICK)
            late, busy = time.perf_counter() - due, time.thread_time() - used
            found.longest_ms = max(found.longest_ms, late * 1000)
            found.busy_ms = max(found.busy_ms, busy * 1000)

    ticking = asyncio.create_task(tick())
    try:
        yield found
    finally:
        ticking.cancel()


def resident_mb() -> float:
    """What this process has in memory now; NaN where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000
