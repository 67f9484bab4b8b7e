"""The API as an aiohttp application."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import orjson
import structlog
from aiohttp import web

from services.router.api.endpoint import endpoint, refused, wire
from services.router.api.idempotency import Repetitions
from services.router.api.openapi import openapi
from services.router.api.operations import CORS, Operation
from services.router.api.parts import Parts
from services.router.api.problems import Problem
from services.router.api.table import OPERATIONS
from services.router.metrics import API_REQUESTS
from shared.ids import new_id

_LOG = structlog.get_logger(__name__)
_PAGES = Path(__file__).parent / "pages"
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
_EXPOSED_HEADERS = "Retry-After, X-Request-Id, Idempotency-Replayed"

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(parts: Parts, operations: tuple[Operation, ...] = OPERATIONS) -> web.Application:
    """Every operation, the description, and the page that shows it."""
    cross_origin = web.middleware(partial(_cross_origin, frozenset(parts.settings.origins)))
    app = web.Application(middlewares=[cross_origin, web.middleware(_no_such_address)])
    settings = parts.settings
    repetitions = Repetitions(parts.redis, settings.answer_seconds + settings.view_seconds)
    for operation in operations:
        app.router.add_route(
            operation.method, operation.path, endpoint(operation, parts, repetitions)
        )
    description = orjson.dumps(openapi(operations))
    app.router.add_get("/openapi.json", partial(_static, description, "application/json"))
    kinds = {"docs.html": "text/html", "docs.css": "text/css", "docs.js": "text/javascript"}
    for name, kind in kinds.items():
        address = "/docs" if name == "docs.html" else f"/docs/{name}"
        page = (_PAGES / name).read_bytes()
        app.router.add_get(address, partial(_static, page, kind))
    return app


async def _static(body: bytes, kind: str, _request: web.Request) -> web.Response:
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=_PAGE_HEADERS)


async def _no_such_address(request: web.Request, handler: Next) -> web.StreamResponse:
    """What aiohttp refuses by itself is a problem document, too."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        problem = Problem("not_found", "There is no such address.")
    except web.HTTPMethodNotAllowed as error:
        headers = {"Allow": ", ".join(sorted(error.allowed_methods))}
        detail = f"{error.method} is not possible here."
        problem = Problem("method_not_allowed", detail, headers=headers)
    API_REQUESTS.labels("unknown", str(problem.kind.status)).inc()
    return wire(refused(problem, new_id("req")), request)


async def _cross_origin(
    origins: frozenset[str], request: web.Request, handler: Next
) -> web.StreamResponse:
    """CORS (WHATWG Fetch, 3.2) for the origins that may; for others the browser refuses."""
    origin = request.headers.get("Origin")
    if origin is None or origin not in origins:
        return await handler(request)
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED_HEADERS,
        "Vary": "Origin",
    }
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        preflight = {
            "Access-Control-Allow-Methods": "GET, PUT, POST",
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers={**headers, **preflight})
    request[CORS] = headers
    response = await handler(request)
    if not response.prepared:
        response.headers.update(headers)
    return response
