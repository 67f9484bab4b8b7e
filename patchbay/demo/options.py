"""How the demo is to run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`seconds` of traffic (None: until stopped); `rate` is new conversations a second.

    `drain_seconds` is how long agents may finish what waits before the reconciliation. `kill` ends
    a randomly chosen service with SIGKILL every so many seconds (None: never).
    `join` is the file that tells a shell the addresses and secrets.
    """

    stack: Literal["embedded", "kafka"]
    seconds: float | None
    seed: int
    rate: float
    folder: Path
    join: Path
    drain_seconds: float = 15
    kill_every: float | None = None
