"""One request through everything that all operations have in common."""

from collections.abc import Awaitable, Callable
from json import JSONDecodeError
from typing import Any, TypeVar

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.router.api.caller import Caller
from services.router.api.idempotency import Repetitions, Stored, check_key
from services.router.api.operations import INSTANCE, STREAM, Call, Operation, Said
from services.router.api.parts import Parts
from services.router.api.problems import Fault, Problem
from services.router.api.tokens import unauthenticated
from services.router.api.tracing import TRACE, begin
from services.router.metrics import API_REQUESTS, API_SECONDS
from shared.errors import CacheUnavailable, LogUnavailable, ViewBehind
from shared.ids import new_id
from shared.listener import BodyTooLarge, BodyTooSlow, read_body

_LOG = structlog.get_logger(__name__)
_MOST_FAULTS = 20
_BEARER = "bearer "

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def endpoint(operation: Operation, parts: Parts, repetitions: Repetitions) -> Handler:
    """The aiohttp handler of an operation."""

    async def handle(request: web.Request) -> web.StreamResponse:
        began = parts.clock.monotonic()
        request[INSTANCE] = new_id("req")
        begin(request.headers.get("traceparent"))
        try:
            response = await _answer(operation, parts, repetitions, request)
        except Problem as problem:
            response = wire(refused(problem, request[INSTANCE]), request)
        except ConnectionError:
            raise  # the client is gone
        except Exception:  # noqa: BLE001 - one request must not end the process
            _LOG.exception("api_bug", instance=request[INSTANCE], operation=operation.name)
            broken = Problem("internal", "The request could not be worked off.")
            response = wire(refused(broken, request[INSTANCE]), request)
        API_REQUESTS.labels(operation.name, str(response.status)).inc()
        API_SECONDS.labels(operation.name).observe(parts.clock.monotonic() - began)
        return response

    return handle


async def _answer(
    operation: Operation, parts: Parts, repetitions: Repetitions, request: web.Request
) -> web.StreamResponse:
    signed_in_only = operation.roles is not None or operation.media == STREAM
    if signed_in_only and not (parts.tail.ready.is_set() and parts.book.ready.is_set()):
        raise Problem("unavailable", "The record has not been read yet.", retry_after=1)
    caller = await _authenticate(operation, parts, request)
    raw = await _raw_body(operation, parts, request)
    key = _key(operation, request)
    call = Call(
        parts=parts,
        request=request,
        address=address_of(request, parts.settings.trusted_proxies),
        path=dict(request.match_info),
        query=_query(operation, request),
        body=_body(operation, raw),
        signed_in=caller,
        key=key,
    )
    if operation.media == STREAM:
        return await _streamed(operation, call)
    if key is None or caller is None:
        return wire(await _run(operation, call), request)
    what = (f"{operation.method} {request.path}", raw)
    stored = await repetitions.once(caller, key, what, lambda: _run(operation, call))
    return wire(stored, request)


async def _streamed(operation: Operation, call: Call) -> web.StreamResponse:
    response = await guarded(operation.handler, call)
    assert isinstance(response, web.StreamResponse)
    return response


async def _run(operation: Operation, call: Call) -> Stored:
    """The operation's answer, or the problem it ended in, as it goes over the wire."""
    try:
        said = await guarded(operation.handler, call)
    except Problem as problem:
        return refused(problem, call.request[INSTANCE])
    assert isinstance(said, Said)
    body = b"" if said.body is None else said.body.__pydantic_serializer__.to_json(said.body)
    status = said.status if said.status != 200 else operation.status
    return Stored(status, body, {"Content-Type": "application/json", **said.headers})


async def guarded(
    handler: Callable[[Call], Awaitable[Said | web.StreamResponse]], call: Call
) -> Said | web.StreamResponse:
    """Failures that were to be expected, as problems with a name."""
    try:
        return await handler(call)
    except ViewBehind as error:
        raise Problem("view_behind", f"{error}".capitalize() + ".", retry_after=1) from error
    except CacheUnavailable as error:
        raise Problem("unavailable", "The view does not answer.", retry_after=1) from error
    except LogUnavailable as error:
        raise Problem("unavailable", "The log does not answer.", retry_after=1) from error
    except (Problem, ConnectionError):
        raise
    except Exception as error:
        _LOG.exception("api_bug", instance=call.request[INSTANCE])
        raise Problem("internal", "The request could not be worked off.") from error


async def _authenticate(operation: Operation, parts: Parts, request: web.Request) -> Caller | None:
    """Who calls. A stream may come with a ticket instead; what is open to all asks nobody."""
    header = request.headers.get("Authorization", "")
    if operation.roles is None and (not header or operation.media != STREAM):
        return None
    if not header.lower().startswith(_BEARER):
        raise unauthenticated("The Authorization header holds no Bearer token.")
    caller = await parts.read_token(header[len(_BEARER) :].strip())
    if operation.roles is not None and caller.role not in operation.roles:
        allowed = ", ".join(sorted(operation.roles))
        raise Problem("forbidden", f"This takes a role of {allowed}; yours is {caller.role}.")
    return caller


async def _raw_body(operation: Operation, parts: Parts, request: web.Request) -> bytes:
    if operation.body is None:
        return b""
    if "Content-Encoding" in request.headers:
        raise Problem("unsupported_media", "A compressed body is not taken.")
    try:
        raw = await read_body(request, operation.most_bytes, parts.settings.body_seconds)
    except BodyTooLarge as error:
        raise Problem("too_large", f"The body may have {operation.most_bytes} bytes.") from error
    except BodyTooSlow as error:
        raise Problem("too_slow", "The body did not arrive in time.") from error
    if raw and request.content_type != "application/json":
        raise Problem("unsupported_media", f"The body is {request.content_type}.")
    return raw


def _body(operation: Operation, raw: bytes) -> Any:
    if operation.body is None:
        return None
    try:
        given = orjson.loads(raw or b"{}")
    except JSONDecodeError as error:
        detail = f"The body is not JSON: line {error.lineno}, column {error.colno}."
        raise Problem("malformed", detail) from None
    return check(operation.body, given, "")


def _query(operation: Operation, request: web.Request) -> Any:
    given = dict(request.query)
    if len(given) != len(request.query):
        raise Problem("invalid", "A query parameter is there twice.")
    if operation.query is None:
        if given:
            faults = [Fault(f"/{name}", "unknown parameter") for name in sorted(given)]
            raise Problem("invalid", "This address takes no parameters.", faults=faults)
        return None
    return check(operation.query, given, "")


def check(model: type[M], given: Any, where: str) -> M:
    """The validated value. Raises Problem `invalid`, naming each wrong place, never its value."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        faults = [
            Fault(where + "".join(f"/{_escaped(part)}" for part in one["loc"]), one["msg"])
            for one in found[:_MOST_FAULTS]
        ]
        detail = f"{len(found)} places are wrong." if len(found) > 1 else found[0]["msg"]
        raise Problem("invalid", detail, faults=faults) from None


def _escaped(part: str | int) -> str:
    """RFC 6901, 3."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _key(operation: Operation, request: web.Request) -> str | None:
    given = request.headers.get("Idempotency-Key")
    if operation.key == "no":
        return None
    if given is None:
        if operation.key == "required":
            raise Problem("key_required", "A message without a key could be sent twice.")
        return None
    return check_key(given)


def address_of(request: web.Request, proxies: int) -> str:
    """The client's address: what the outermost proxy that we trust has seen."""
    forwarded = [
        part.strip()
        for value in request.headers.getall("X-Forwarded-For", ())
        for part in value.split(",")
    ]
    if 0 < proxies <= len(forwarded):
        return forwarded[-proxies][:64]
    return request.remote or "unknown"


def refused(problem: Problem, instance: str) -> Stored:
    """A problem as it goes over the wire."""
    body = orjson.dumps(problem.document(instance))
    headers = {"Content-Type": "application/problem+json", **problem.headers}
    return Stored(problem.kind.status, body, headers)


def wire(answer: Stored, request: web.Request) -> web.Response:
    """The answer with the headers that all answers have."""
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request.get(INSTANCE, ""),
        **answer.headers,
    }
    trace = TRACE.get()
    if trace is not None:
        headers["traceparent"] = trace
    return web.Response(status=answer.status, body=answer.body, headers=headers)
