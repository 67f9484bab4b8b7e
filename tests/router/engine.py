"""Answers commands as a test says, where no real engine runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.events.routing import Unchanged
from shared.log import Log, Partition
from shared.topics import COMMANDS_TOPIC
from tests.router.owner import Owner

Answer = Callable[[Any], Sequence[Any] | None]
"""From a command to the events of the decision on it; None: no decision is made."""


class ScriptedEngine:
    """Decides on every command of one shard. `asked` holds them all, with their ids."""

    def __init__(self, log: Log, owner: Owner, workspace: str, shards: int) -> None:
        self._log = log
        self._owner = owner
        self._partition = COMMANDS_TOPIC.partition(workspace, "", shards)
        self.answer: Answer = lambda _command: [Unchanged()]
        self.asked: list[tuple[str, Any]] = []
        self.traces: list[str | None] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedEngine"]:
        """Until left."""
        follower = asyncio.create_task(self._follow())
        try:
            yield self
        finally:
            follower.cancel()

    async def _follow(self) -> None:
        decoder = COMMANDS_TOPIC.decoder()
        start: dict[Partition, int] = {self._partition: 0}
        async with self._log.read(start) as source:
            while True:
                for record in await source.poll(wait=0.05):
                    envelope = decoder.decode(record.value)
                    self.asked.append((envelope.id, envelope.data))
                    self.traces.append(envelope.traceparent)
                    events = self.answer(envelope.data)
                    if events is not None:
                        workspace = envelope.data.workspace
                        await self._owner.decide(*events, cause=envelope.id, workspace=workspace)
