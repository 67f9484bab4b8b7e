"""The event stream of one client."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web

from services.router.api.asked import StreamFrom
from services.router.api.caller import PEOPLE, Caller
from services.router.api.handlers.sessions import redeem
from services.router.api.history import Past
from services.router.api.leases import resume
from services.router.api.operations import CORS, Call, Said
from services.router.api.position import Position
from services.router.api.problems import Problem
from services.router.api.stream import HEADERS, Stream
from services.router.api.tokens import unauthenticated
from shared.errors import LogUnavailable
from shared.views.documents import Agent
from shared.views.keys import Keys
from shared.views.read import document

_LOG = structlog.get_logger(__name__)

MOST_STREAMS = 20
"""Streams of one agent per replica: tabs, and some that are not known to be dead yet."""


async def events(call: Call) -> Said | web.StreamResponse:
    """Tell until the client goes. Its lease begins before the first byte is sent."""
    asked: StreamFrom = call.query
    caller = await _caller(call, asked)
    parts = call.parts
    if parts.stop.is_set():
        raise Problem("unavailable", "This replica stops.", retry_after=1)
    with _one_more(call, caller):
        return await _streamed(call, caller, asked)


@contextmanager
def _one_more(call: Call, caller: Caller) -> Iterator[None]:
    """A desktop that opens streams without end must not take everybody's connections."""
    streams, who = call.parts.streams, (caller.workspace, caller.agent)
    if streams[who] >= MOST_STREAMS:
        raise Problem("too_many", f"{MOST_STREAMS} streams of yours are open.", retry_after=10)
    streams[who] += 1
    try:
        yield
    finally:
        streams[who] -= 1
        if not streams[who]:
            del streams[who]


async def _streamed(call: Call, caller: Caller, asked: StreamFrom) -> web.StreamResponse:
    parts, session = call.parts, None
    if caller.role in PEOPLE:
        session = await parts.leases.open(caller.workspace, caller.agent)
        await _back(call, caller, session)
    given = call.request.headers.get("Last-Event-ID") or asked.last_event_id
    start = _position(given)
    response = web.StreamResponse(headers={**HEADERS, **call.request.get(CORS, {})})
    await response.prepare(call.request)
    _notice_dead_peers(call.request, parts.settings.lease_seconds)
    stream = Stream(
        response,
        caller,
        log=parts.log,
        tail=parts.tail,
        past=Past(
            parts.redis, parts.clock, parts.tail, caller.workspace, parts.settings.view_seconds
        ),
        leases=parts.leases,
        clock=parts.clock,
        heartbeat=parts.settings.heartbeat_seconds,
        stop=parts.stop,
    )
    await stream.run(session, start, garbled=bool(given) and start is None)
    return response


async def _back(call: Call, caller: Caller, session: str) -> None:
    """Undo a loss before the agent is told anything; while the log is away the sweeper does it."""
    key = Keys(caller.workspace).agent(caller.agent)
    agent = await document(call.parts.redis, key, Agent)
    if agent is None:
        return
    try:
        await resume(call.parts.commands, caller.workspace, agent, session)
    except LogUnavailable as error:
        _LOG.warning("presence_not_resumed", reason=error.code)


async def _caller(call: Call, asked: StreamFrom) -> Caller:
    if asked.ticket is not None:
        return await redeem(call, asked.ticket)
    if call.signed_in is None:
        raise unauthenticated("Send a token in Authorization, or a ticket in the address.")
    return call.signed_in


def _position(given: str | None) -> Position | None:
    try:
        return Position.parse(given) if given else None
    except ValueError:
        return None


def _notice_dead_peers(request: web.Request, seconds: float) -> None:
    """A peer that vanished without a word must not keep its lease (Linux: TCP_USER_TIMEOUT)."""
    transport = request.transport
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))
