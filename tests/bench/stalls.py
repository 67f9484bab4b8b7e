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
    """Filled when it is over; a tick that came late by so much found the loop busy."""

    longest_ms: float = 0.0


@contextmanager
def stalls() -> Iterator[Stalls]:
    """Watch the running loop."""
    found = Stalls()

    async def tick() -> None:
        while True:
            due = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            late = (time.perf_counter() - due) * 1000
            found.longest_ms = max(found.longest_ms, late)

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
