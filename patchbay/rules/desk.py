"""A running Patchbay, reached through its log: what its rules are, and asking for others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.router.api.commands import Commands
from services.router.api.problems import Problem
from services.router.api.tail import Tail
from shared.clock import Clock, SystemClock
from shared.errors import ConfigurationInvalid, PatchbayError
from shared.events.commands import Command
from shared.events.routing import Decision
from shared.events.rules import RulesVersion
from shared.ids import new_id
from shared.log import Log, Partition
from shared.opening import open_log
from shared.topics import RULES
from shared.versions import Versions, read_versions
from shared.watchdog import Progress

_ANSWER_SECONDS = 15.0
_SHOWN_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


class Refused(PatchbayError):
    """The running Patchbay did not do it; the message says why."""

    code = "refused"


class Desk:
    """Asks the engine and reads the versions."""

    def __init__(self, log: Log, clock: Clock, shards: int) -> None:
        self.log = log
        self.clock = clock
        self.shards = shards

    async def versions(self) -> dict[str, Versions]:
        """The versions of every workspace. Raises LogUnavailable."""
        partitions = [Partition(RULES.name, number) for number in range(self.shards)]
        return await read_versions(self.log, partitions)

    async def of(self, workspace: str) -> Versions:
        """The versions of one workspace."""
        found = await read_versions(self.log, [RULES.partition(workspace, "", self.shards)])
        return found.get(workspace, Versions())

    async def ask(self, command: Command) -> Decision:
        """The decision on a command. Raises Refused, also when nobody answers."""
        stop, progress = asyncio.Event(), Progress(self.clock)
        tail = Tail(self.log, self.clock, self.shards, [command.workspace], progress)
        async with self.log.sink() as sink, asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run(stop))
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await tail.ready.wait()
                commands = Commands(sink, tail, self.clock, self.shards, _ANSWER_SECONDS)
                return await commands.ask(command, new_id("cmd"))
            except TimeoutError:
                raise Refused("the log could not be read in time") from None
            except Problem as problem:
                raise Refused(_said(problem)) from None
            finally:
                stop.set()

    async def shown(self, workspace: str, version: int) -> bool:
        """Wait until a version can be listed; False when that takes too long."""
        until = self.clock.monotonic() + _SHOWN_SECONDS
        while self.clock.monotonic() < until:
            if (await self.of(workspace)).version(version) is not None:
                return True
            await self.clock.sleep(_PAUSE_SECONDS)
        return False


def _said(problem: Problem) -> str:
    if problem.code == "outcome_unknown":
        return f"{problem.detail} The first engine that runs on this log will decide on it."
    return problem.detail


def chosen(versions: Versions, name: str) -> RulesVersion:
    """The version of a number, or `in_force`, `trial` or `former`. Raises ConfigurationInvalid."""
    named = {"in_force": versions.in_force, "trial": versions.trial, "former": versions.former()}
    found = versions.version(int(name)) if name.isdecimal() else named.get(name)
    if found is None:
        known = ", ".join(str(one.version) for one in versions.history[:10]) or "none"
        raise ConfigurationInvalid(f"there is no version {name!r} (the latest: {known})")
    return found


def _is_no_file(url: str) -> bool:
    scheme, _, rest = url.partition(":")
    return scheme == "sqlite" and not Path(rest.removeprefix("///")).exists()


@asynccontextmanager
async def open_desk(url: str, shards: int) -> AsyncIterator[Desk]:
    """The log of a running Patchbay. Raises ConfigurationInvalid where there is none."""
    if _is_no_file(url):
        raise ConfigurationInvalid(f"there is no log at {url}: name the one that Patchbay runs on")
    clock = SystemClock()
    async with open_log(url, clock, shards) as log:
        yield Desk(log, clock, shards)
