"""CPU time of other processes, so that a figure can say who paid for it."""

import os
from collections.abc import Mapping
from pathlib import Path


class Cpu:
    """CPU seconds that processes used since the last `mark`. Unknown where there is no /proc."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = {**pids, "load": os.getpid()}
        self._marked: dict[str, float] = {}
        self.mark()

    def mark(self) -> None:
        """Count from now on."""
        self._marked = {name: _used(pid) for name, pid in self._pids.items()}

    def since(self) -> dict[str, float]:
        """Seconds per process, all its threads together; `load` is our own."""
        return {name: _used(self._pids[name]) - was for name, was in self._marked.items()}


def _used(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])  # proc(5): utime and stime, in ticks
    return (user + system) / os.sysconf("SC_CLK_TCK")
