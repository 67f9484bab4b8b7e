"""What a service is given when it starts: the wiring between `main.py` and everything else."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from redis.asyncio import Redis

from shared.clock import Clock
from shared.config.models import Config
from shared.log import Log

Check = Callable[[], bool]


@dataclass
class Probes:
    """A process is live while every `live` check holds, and ready while every `ready` one does;
    before the first of those is added it is starting, and not ready.

    Liveness never asks Kafka or Redis: their outage must not restart the whole fleet.
    """

    live: dict[str, Check] = field(default_factory=dict)
    ready: dict[str, Check] = field(default_factory=dict)

    def forget(self) -> None:
        """Whoever added checks begins anew."""
        self.live.clear()
        self.ready.clear()

    def failing(self, checks: dict[str, Check]) -> list[str]:
        """The names of the checks that do not hold."""
        return [name for name, check in checks.items() if not check()]

    def not_live(self) -> list[str]:
        """What keeps it from being live; nothing when it is."""
        return self.failing(self.live)

    def not_ready(self) -> list[str]:
        """What keeps it from being ready; nothing when it is."""
        return self.failing(self.ready) if self.ready else ["starting"]


@dataclass(frozen=True)
class Deps:
    """The parts services share in one process: opened and closed by whoever runs them.

    `instance` names this process in ownership records and logs. `listening` is told each public
    listener's name and port once it is bound (a configured port 0 means: any free one).
    """

    log: Log
    redis: "Redis"
    clock: Clock
    config: Config
    shards: int
    instance: str
    probes: Probes = field(default_factory=Probes)
    listening: Callable[[str, int], None] = lambda _name, _port: None

    def part(self, name: str) -> "Deps":
        """The same for one of several roles in this process, with probes of its own: the process is
        ready when all its parts are."""
        own = Probes()
        self.probes.live[name] = lambda: not own.not_live()
        self.probes.ready[name] = lambda: not own.not_ready()
        return replace(self, probes=own)
