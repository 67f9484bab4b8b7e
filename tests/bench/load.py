"""A lean HTTP/1.1 load generator: prebuilt requests over kept connections, bounded in count."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TIMEOUT = 30.0


@dataclass
class Load:
    """What happened: latencies in seconds from sending to the whole answer, by request."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency that `share` of all requests did not exceed, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0


def request_bytes(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send all requests as fast as `connections` answered-before-next clients can."""
    load = Load()
    queue = iter(requests)
    begun = time.perf_counter()
    await asyncio.gather(*(_client(port, queue, load) for _ in range(connections)))
    load.seconds = time.perf_counter() - begun
    return load


async def _client(port: int, queue: Iterator[bytes], load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for request in queue:
            sent = time.perf_counter()
            writer.write(request)
            status = await asyncio.wait_for(_answer(reader), _TIMEOUT)
            if status == 200:
                load.latencies.append(time.perf_counter() - sent)
            else:
                load.refused += 1
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        length = int(lower[at + 15 : lower.find(b"\r", at)])
        await reader.readexactly(length)
    return int(head[9:12])


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One request of an open-loop load: sent at its time whether or not others were answered."""

    at: float
    request: bytes


async def open_loop(port: int, plan: Sequence[Scheduled], connections: int = 32) -> list[float]:
    """Send each request at its time (seconds from now); returns when each was really due.

    No coordinated omission: a latency is to be measured from the due time.
    """
    begun = time.perf_counter()
    pool: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(connections):
        pool.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    due: list[float] = []
    tasks: set[asyncio.Task[None]] = set()

    async def send(request: bytes) -> None:
        reader, writer = await pool.get()
        writer.write(request)
        await asyncio.wait_for(_answer(reader), _TIMEOUT)
        pool.put_nowait((reader, writer))

    for item in plan:
        await asyncio.sleep(max(0.0, begun + item.at - time.perf_counter()))
        due.append(begun + item.at)
        task = asyncio.create_task(send(item.request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    while not pool.empty():
        pool.get_nowait()[1].close()
    return due
