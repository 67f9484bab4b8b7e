"""Server-sent events (WHATWG HTML, 9.2): what happens, told to one agent, and his presence.

The `id` of an event is its place in the record. Who comes back with `Last-Event-ID` is told first
what he missed, read from the record itself; so a reconnect misses nothing, wherever it was cut.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import orjson
import structlog
from aiohttp import web

from services.router.api.announce import announcements
from services.router.api.caller import Caller
from services.router.api.history import Past, reachable, replay
from services.router.api.leases import Leases
from services.router.api.position import Position
from services.router.api.tail import EVERYBODY, Seen, Subscription, Tail
from services.router.metrics import API_STREAM_EVENTS, API_STREAMS, API_STREAMS_CUT
from shared.clock import Clock
from shared.errors import CacheUnavailable, LogUnavailable
from shared.log import Log

_LOG = structlog.get_logger(__name__)
_WRITE_SECONDS = 10.0
_RETRY_MS = 2000
_DRAIN_MS = (500, 5000)
"""How long clients of a stopping replica wait before they come back: not all at once."""

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class Slow(Exception):
    """The client takes nothing any more."""


class Stream:
    """One connected client. Times are in seconds."""

    def __init__(
        self,
        response: web.StreamResponse,
        caller: Caller,
        *,
        log: Log,
        tail: Tail,
        past: Past,
        leases: Leases,
        clock: Clock,
        heartbeat: float,
        stop: asyncio.Event,
    ) -> None:
        self._response = response
        self._caller = caller
        self._log = log
        self._tail = tail
        self._past = past
        self._leases = leases
        self._clock = clock
        self._heartbeat = heartbeat
        self._stop = stop
        self._told = (-1, -1)

    async def run(self, session: str | None, start: Position | None, *, garbled: bool) -> None:
        """Tell until the client goes, the token expires or the process stops."""
        with API_STREAMS.track_inprogress(), self._subscribed() as live:
            here = self._tail.position(self._caller.workspace)
            try:
                await self._begin(session, start or here)
                if start is not None or garbled:
                    await self._catch_up(start, here)
                await self._follow(live, session)
            except (LogUnavailable, Slow, ConnectionError) as error:
                API_STREAMS_CUT.labels(_why(error)).inc()

    def _subscribed(self) -> AbstractContextManager[Subscription]:
        caller = self._caller
        return self._tail.subscribe(caller.workspace, EVERYBODY if caller.leads else caller.agent)

    async def _begin(self, session: str | None, here: Position) -> None:
        ready = {
            "session": session,
            "workspace": self._caller.workspace,
            "agent": self._caller.agent,
            "role": self._caller.role,
            "heartbeat_seconds": self._heartbeat,
        }
        await self._write(f"retry: {_RETRY_MS}\n".encode() + _event("ready", ready, here))

    async def _catch_up(self, start: Position | None, here: Position) -> None:
        """Tell what was missed, or that it cannot be told any more."""
        partition = self._tail.partition(self._caller.workspace)
        if start is None or not await reachable(self._log, partition, start, here.offset):
            reset = {"reason": "Too much has happened since: read everything again."}
            return await self._write(_event("reset", reset, here))
        self._told = (start.offset, start.index)
        found = replay(self._log, partition, self._caller.workspace, start, here.offset)
        async for seen in found:
            await self._tell(seen, await self._past.holders(seen))
        return None

    async def _follow(self, live: Subscription, session: str | None) -> None:
        beat = self._clock.monotonic() + self._heartbeat
        while True:
            seen = await live.next(self._heartbeat / 2)
            if seen is not None:
                held = seen.holders if self._caller.leads else await self._past.holders(seen)
                await self._tell(seen, held)
            if live.lost:
                raise Slow
            if self._stop.is_set():
                return await self._drain()
            if self._clock.now().timestamp() >= self._caller.expires_at:
                API_STREAMS_CUT.labels("expired").inc()
                return await self._write(_event("expired", {"reason": "Sign in again."}))
            if self._clock.monotonic() >= beat:
                beat = self._clock.monotonic() + self._heartbeat
                await self._beat(live, session)

    async def _beat(self, live: Subscription, session: str | None) -> None:
        """Show that we live, keep the lease, and move the client's place in the record on."""
        here = f"id: {self._tail.position(self._caller.workspace)}\n" if live.idle() else ""
        await self._write(f": heartbeat\n{here}\n".encode())
        if session is not None:
            try:
                await self._leases.renew(self._caller.workspace, self._caller.agent, session)
            except CacheUnavailable as error:
                _LOG.warning("lease_not_renewed", reason=str(error))

    async def _drain(self) -> None:
        API_STREAMS_CUT.labels("drain").inc()
        shortest, longest = _DRAIN_MS
        retry = shortest + secrets.randbelow(longest - shortest)
        told = _event("drain", {"retry_ms": retry})
        await self._write(f"retry: {retry}\n".encode() + told)

    async def _tell(self, seen: Seen, held: Mapping[str, str | None]) -> None:
        """Everything once, in order; what one decision says, in one write."""
        told: list[bytes] = []
        for announcement in announcements(seen, self._caller, held):
            place = (announcement.position.offset, announcement.position.index)
            if place > self._told:
                self._told = place
                told.append(_event(announcement.name, announcement.data, announcement.position))
        if told:
            API_STREAM_EVENTS.inc(len(told))
            await self._write(b"".join(told))

    async def _write(self, block: bytes) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._response.write(block)
        except TimeoutError:
            raise Slow from None


def _event(name: str, data: dict[str, Any], position: Position | None = None) -> bytes:
    place = f"id: {position}\n" if position is not None else ""
    text = orjson.dumps(data, option=orjson.OPT_UTC_Z).decode()
    return f"event: {name}\n{place}data: {text}\n\n".encode()


def _why(error: Exception) -> str:
    if isinstance(error, Slow):
        return "slow"
    return "failed" if isinstance(error, LogUnavailable) else "gone"
