"""An open stream is an agent's presence: while one renews his lease he stays what he is.

The lease stands in Redis, so any replica may hold the stream and any may notice that it is gone.
Losing Redis ends no presence: a lease must be missing for a while, by our own clock.
"""

import asyncio
from collections.abc import Sequence

import structlog
from redis.asyncio import Redis

from services.router.api.commands import Commands
from services.router.metrics import API_LEASES_LOST
from shared.cache import asked
from shared.clock import Clock, milliseconds
from shared.errors import CacheUnavailable, LogUnavailable
from shared.events.commands import LosePresence, ResumePresence
from shared.ids import derived_id, new_id
from shared.views.documents import Agent
from shared.views.keys import Keys
from shared.views.read import agents

_LOG = structlog.get_logger(__name__)
_CONFIRM_SHARE = 0.5
"""How long, in shares of the lease, it must be seen missing before it counts as lost."""


class Leases:
    """The leases of all agents. `seconds` is how long one lasts unless it is renewed."""

    def __init__(self, redis: "Redis", seconds: float) -> None:
        self._redis = redis
        self._milliseconds = round(seconds * 1000)

    async def open(self, workspace: str, agent: str) -> str:
        """Begin or join the agent's session; all his streams share one. Raises CacheUnavailable."""
        key, session = Keys(workspace).lease(agent), new_id("ses")
        if await asked(self._redis.set(key, session, nx=True, px=self._milliseconds)):
            return session
        known = await asked(self._redis.get(key))
        await self.renew(workspace, agent, known or session)
        return known or session

    async def renew(self, workspace: str, agent: str, session: str) -> None:
        """The stream is still there. A lease that was lost meanwhile is this one's, unless another
        stream has begun one. Raises CacheUnavailable.
        """
        key = Keys(workspace).lease(agent)
        if not await asked(self._redis.set(key, session, nx=True, px=self._milliseconds)):
            await asked(self._redis.pexpire(key, self._milliseconds))

    async def session(self, workspace: str, agent: str) -> str | None:
        """The session of the agent's streams; None when there is none. Raises CacheUnavailable."""
        found: str | None = await asked(self._redis.get(Keys(workspace).lease(agent)))
        return found

    async def sessions(self, workspace: str, known: Sequence[Agent]) -> list[str | None]:
        """The session of each of the agents. Raises CacheUnavailable."""
        if not known:
            return []
        keys = Keys(workspace)
        found: list[str | None] = await asked(
            self._redis.mget([keys.lease(agent.id) for agent in known])
        )
        return found


async def resume(commands: Commands, workspace: str, agent: Agent, session: str) -> None:
    """A stream of the agent is open: tell the engine, if it has heard of another one or of a loss.

    Whoever went offline on purpose stays offline. Raises LogUnavailable.
    """
    if agent.state == "offline" and not agent.lost:
        return
    if agent.state != "offline" and agent.session == session:
        return
    await commands.note(
        ResumePresence(workspace=workspace, actor="system", agent=agent.id, session=session),
        derived_id("cmd", "resume", workspace, agent.id, session, str(agent.since)),
    )


class Sweeper:
    """Reports agents whose stream has been gone for longer than the lease, and those of whom a loss
    was reported and who are back."""

    def __init__(
        self,
        redis: "Redis",
        leases: Leases,
        commands: Commands,
        clock: Clock,
        workspaces: Sequence[str],
        seconds: float,
    ) -> None:
        self._redis = redis
        self._leases = leases
        self._commands = commands
        self._clock = clock
        self._workspaces = workspaces
        self._seconds = seconds
        self._missed: dict[tuple[str, str, str | None], float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except (CacheUnavailable, LogUnavailable) as error:
                self._missed.clear()
                _LOG.warning("leases_unreadable", reason=error.code)
            await self._pause(stop)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Sleep, unless told to stop."""
        waits = [
            asyncio.ensure_future(self._clock.sleep(self._seconds / 4)),
            asyncio.ensure_future(stop.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def look(self) -> None:
        """Look once. Raises CacheUnavailable and LogUnavailable."""
        now, missed = self._clock.monotonic(), dict[tuple[str, str, str | None], float]()
        for workspace in self._workspaces:
            known = [a for a in await agents(self._redis, workspace) if self._matters(a)]
            sessions = await self._leases.sessions(workspace, known)
            for agent, session in zip(known, sessions, strict=True):
                key = (workspace, agent.id, agent.session)
                if session is not None:
                    await resume(self._commands, workspace, agent, session)
                elif agent.state != "offline":
                    missed[key] = self._missed.get(key, now)
                    if now - missed[key] >= self._seconds * _CONFIRM_SHARE:
                        await self._lost(workspace, agent)
        self._missed = missed

    def _matters(self, agent: Agent) -> bool:
        """Can he be lost, or come back in time?"""
        if agent.state != "offline":
            return True
        return agent.lost and (agent.keeps_until or 0) > milliseconds(self._clock.now())

    async def _lost(self, workspace: str, agent: Agent) -> None:
        API_LEASES_LOST.inc()
        _LOG.info("presence_lost", workspace=workspace, agent=agent.id)
        session = agent.session or ""
        await self._commands.note(
            LosePresence(
                workspace=workspace, actor="system", agent=agent.id, session=agent.session
            ),
            derived_id("cmd", "lease", workspace, agent.id, session, str(agent.since)),
        )
