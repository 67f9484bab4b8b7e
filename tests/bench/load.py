"""A lean HTTP/1.1 load generator: whole requests over kept connections.

It has to be much cheaper than what it measures: both share the machine.
"""

import asyncio
import random
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.bench.figures import percentile

_TIMEOUT = 30.0
_SWITCH = 0.0005  # the pacing thread must get its turn while the loop is busy


@dataclass
class Load:
    """What happened, in seconds. A closed loop's latency begins when the request is sent, an open
    loop's when it was due. `due` and `late` are an open loop's: when each request had to be sent
    (`time.perf_counter`), and how much later it was.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    due: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many requests were answered with 200."""
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def milliseconds(self, share: float) -> float:
        """The latency that `share` of all answered requests did not exceed."""
        return percentile(self.latencies, share) * 1000


def request_bytes(
    path: str, headers: Mapping[str, str], body: bytes = b"", method: str = "POST"
) -> bytes:
    """A whole request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def arrivals(rate: float, seconds: float, seed: int = 1) -> list[float]:
    """Independent arrivals (Poisson) at `rate` a second, as seconds from the beginning."""
    randomness = random.Random(seed)
    times: list[float] = []
    at = randomness.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += randomness.expovariate(rate)
    return times


async def closed_loop(
    port: int, requests: Iterable[bytes], connections: int, seconds: float
) -> Load:
    """As fast as `connections` clients can that wait for each answer: until `seconds` are over or
    every request was sent."""
    load = Load()
    lines = await connect(port, connections)
    queue = iter(requests)
    begun = time.perf_counter()

    async def client(line: Line) -> None:
        for request in queue:
            sent = time.perf_counter()
            status = await line.ask(request)
            now = time.perf_counter()
            _count(load, status, now - sent)
            if now - begun > seconds:
                return

    await asyncio.gather(*(client(line) for line in lines))
    load.seconds = time.perf_counter() - begun
    _close(lines)
    return load


async def open_loop(
    port: int, times: Sequence[float], requests: Sequence[bytes], connections: int = 64
) -> Load:
    """Send each request at its time, whether or not earlier ones were answered."""
    load = Load()
    lines = await connect(port, connections)
    idle: asyncio.Queue[Line] = asyncio.Queue()
    for line in lines:
        idle.put_nowait(line)
    begun = time.perf_counter() + 0.05

    async def send(at: float, request: bytes) -> None:
        due = begun + at
        load.due.append(due)
        load.late.append(time.perf_counter() - due)
        line = await idle.get()
        status = await line.ask(request)
        _count(load, status, time.perf_counter() - due)
        idle.put_nowait(line)

    async with asyncio.TaskGroup() as group:
        async for index in paced(begun, times):
            group.create_task(send(times[index], requests[index]))
    load.seconds = time.perf_counter() - begun
    _close(lines)
    return load


class Line(asyncio.Protocol):
    """One kept connection: a request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0 when the connection was cut."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(_TIMEOUT):
            return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self._buffer = b""
            self._done(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._done(0)

    def _done(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    return int(lower[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0


async def connect(port: int, count: int) -> list[Line]:
    """So many connections."""
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(
        *(loop.create_connection(Line, "127.0.0.1", port) for _ in range(count))
    )
    return [line for _, line in made]


def _close(lines: Sequence[Line]) -> None:
    for line in lines:
        line.transport.close()


def _count(load: Load, status: int, latency: float) -> None:
    if status == 200:
        load.latencies.append(latency)
    else:
        load.refused += 1


async def paced(begun: float, times: Sequence[float]) -> AsyncIterator[int]:
    """Yields each index at its time. A thread keeps the time: an event loop's timers have a
    resolution of a millisecond, which is as much as what is measured."""
    loop = asyncio.get_running_loop()
    due: asyncio.Queue[int] = asyncio.Queue()

    def keep() -> None:
        for index, at in enumerate(times):
            time.sleep(max(0.0, begun + at - time.perf_counter()))
            loop.call_soon_threadsafe(due.put_nowait, index)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    threading.Thread(target=keep, daemon=True).start()
    for _ in times:
        yield await due.get()
    sys.setswitchinterval(interval)
