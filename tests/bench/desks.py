"""Agents at their desks: they take every offer at once and end it, so that somebody is always free.

They use the queue API as a desktop does, by connections kept open.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import orjson

from tests.bench.figures import BenchFailed
from tests.bench.load import Line, connect, request_bytes
from tests.bench.place import WORKSPACE
from tests.bench.streams import EventStream

_LINES = 64


@dataclass
class Desks:
    """Everybody signed in. `offered` is when each conversation was first shown to somebody."""

    port: int
    password: str
    offered: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    _streams: list[EventStream] = field(default_factory=list)
    _lines: asyncio.Queue[Line] = field(default_factory=asyncio.Queue)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self, agents: Sequence[str]) -> None:
        """Sign everybody in, open the streams, and be available."""
        for line in await connect(self.port, _LINES):
            self._lines.put_nowait(line)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as client:
            for agent in agents:
                await self._sign_in(client, agent)

    async def _sign_in(self, client: aiohttp.ClientSession, agent: str) -> None:
        given = {"workspace": WORKSPACE, "agent": agent, "password": self.password}
        async with client.post("/v1/sessions", json=given) as reply:
            _expect(reply.status, 201, await reply.text())
            token = (await reply.json())["token"]
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        told = partial(self._told, headers)
        self._streams.append(await EventStream.open(self.port, headers, told))
        state = {"state": "available"}
        async with client.put("/v1/me/presence", json=state, headers=headers) as reply:
            _expect(reply.status, 200, await reply.text())

    def _told(self, headers: dict[str, str], name: str, data: dict[str, Any], at: float) -> None:
        if name == "offer":
            self.offered.setdefault(data["conversation"], at)
            task = asyncio.create_task(self._serve(headers, data))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, headers: dict[str, str], offer: dict[str, Any]) -> None:
        """Accept and close."""
        paths = (
            f"/v1/offers/{offer['offer']}/accept",
            f"/v1/conversations/{offer['conversation']}/close",
        )
        for path in paths:
            line = await self._lines.get()
            status = await line.ask(request_bytes(path, headers, orjson.dumps({})))
            self._lines.put_nowait(line)
            self.refused += status != 200

    async def drained(self) -> None:
        """Wait until everything that was offered has been served."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def close(self) -> None:
        """Hang up."""
        for stream in self._streams:
            stream.close()
        while not self._lines.empty():
            self._lines.get_nowait().transport.close()


def _expect(status: int, wanted: int, text: str) -> None:
    if status != wanted:
        raise BenchFailed(f"the API answered {status}, not {wanted}: {text}")
