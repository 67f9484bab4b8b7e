"""Ask the engine: append a command, wait for the decision on it."""

import asyncio

from services.router.api.problems import Problem
from services.router.api.tail import Tail
from services.router.api.tracing import TRACE
from services.router.metrics import API_DECISION_SECONDS
from shared.clock import Clock
from shared.errors import LogUnavailable
from shared.events.commands import Command
from shared.events.envelope import Envelope, encode
from shared.events.routing import Decision, Refused
from shared.log import Entry, Sink
from shared.topics import COMMANDS_TOPIC

SOURCE = "/patchbay/router"


class Commands:
    """Appends commands and tells what became of them. `seconds` bounds the wait."""

    def __init__(self, sink: Sink, tail: Tail, clock: Clock, shards: int, seconds: float) -> None:
        self._sink = sink
        self._tail = tail
        self._clock = clock
        self._shards = shards
        self._seconds = seconds

    async def ask(self, command: Command, correlation: str) -> Decision:
        """The decision on this command. One that was sent before is not sent again.

        Raises Problem: what the engine refused it for, or `outcome_unknown` when no decision came.
        """
        workspace = command.workspace
        decision = self._tail.decided(workspace, correlation)
        if decision is None:
            began = self._clock.monotonic()
            decision = await self._sent(command, correlation)
            API_DECISION_SECONDS.observe(self._clock.monotonic() - began)
        for event in decision.events:
            if isinstance(event, Refused):
                raise Problem(event.code, event.detail)
        return decision

    async def note(self, command: Command, correlation: str) -> None:
        """Append a command whose decision nobody waits for. Raises LogUnavailable."""
        workspace = command.workspace
        partition = COMMANDS_TOPIC.partition(workspace, workspace, self._shards)
        envelope = Envelope(
            correlation, SOURCE, self._clock.now(), command, traceparent=TRACE.get()
        )
        await self._sink.append(partition, Entry(workspace.encode(), encode(envelope)))

    async def _sent(self, command: Command, correlation: str) -> Decision:
        with self._tail.expect(command.workspace, correlation) as decided:
            try:
                async with asyncio.timeout(self._seconds):
                    await self.note(command, correlation)
                    return await asyncio.shield(decided)
            except TimeoutError:
                detail = f"No decision came within {self._seconds:g} seconds."
            except LogUnavailable:
                detail = "The log did not confirm the command."
        raise Problem("outcome_unknown", detail, retry_after=1)
