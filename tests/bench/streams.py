"""A lean client of server-sent events (WHATWG HTML, 9.2), which notes when each one came."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from tests.bench.load import request_bytes

Told = Callable[[str, dict[str, Any], float], None]
"""Is given an event's type, its data and when it came (`time.perf_counter`)."""


class EventStream(asyncio.Protocol):
    """One open stream. Every event has to come in one piece of chunked transfer coding."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._buffer = b""
        self._transport: asyncio.Transport
        self.ready = asyncio.Event()
        self.cut = False

    @classmethod
    async def open(cls, port: int, headers: Mapping[str, str], told: Told) -> "EventStream":
        """Connect, and wait for the first event."""
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(lambda: cls(told), "127.0.0.1", port)
        stream._transport.write(request_bytes("/v1/events", headers, method="GET"))
        async with asyncio.timeout(10):
            await stream.ready.wait()
        return stream

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.cut = True

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        *blocks, self._buffer = (self._buffer + data).split(b"\n\n")
        for block in blocks:
            fields = dict(
                line.split(b": ", 1) for line in block.splitlines() if line.find(b": ") > 0
            )
            if b"event" in fields:
                self.ready.set()
                self._told(fields[b"event"].decode(), orjson.loads(fields[b"data"]), now)
