"""CPU time of other processes, so that a figure can say who paid for it."""

import os
import resource
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


class Others:
    """What share of the machine programs that are not ours use, from its making on.

    Ours are this process and its children that have ended. Figures of a run in which others did
    much are too low.
    """

    def __init__(self) -> None:
        self._ours, self._busy, self._all = _ours(), *_machine()

    def share(self) -> float:
        """Of all CPU time there was; NaN where there is no /proc."""
        busy, everything = _machine()
        ours = _ours() - self._ours
        return max(0.0, busy - self._busy - ours) / (everything - self._all)


def _ours() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _machine() -> tuple[float, float]:
    """Seconds that all CPUs were busy, and that there were (proc(5): /proc/stat)."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan"), float("nan")
    ticks = [int(field) for field in stat.read_text().split("\n", 1)[0].split()[1:9]]
    seconds = [each / os.sysconf("SC_CLK_TCK") for each in ticks]
    idle = seconds[3] + seconds[4]  # idle and waiting for a disk
    return sum(seconds) - idle, sum(seconds)
