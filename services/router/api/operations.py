"""What an operation is: one row of the API's table, from which routes and OpenAPI are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel

from services.router.api.answered import Answer
from services.router.api.caller import Caller, Role
from services.router.api.parts import Parts

STREAM = "text/event-stream"
"""The media type of the operation that does not end."""

DECIDED = ("outcome_unknown", "key_reused", "in_flight")
"""The problems of every operation that has something decided."""

SHOWN = ("view_behind",)
"""The problem of every operation that shows what the view knows."""

INSTANCE = web.RequestKey("instance", str)
"""The name of one request, in answers and logs."""

CORS = web.RequestKey("cors", dict[str, str])
"""The headers that let a page of another origin read the answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked as far as its operation says."""

    parts: Parts
    request: web.Request
    address: str
    path: dict[str, str]
    query: Any
    body: Any
    signed_in: Caller | None
    key: str | None

    @property
    def caller(self) -> Caller:
        """Who calls; only for operations that ask for a sign-in."""
        assert self.signed_in is not None
        return self.signed_in


@dataclass(frozen=True, slots=True)
class Said:
    """What a handler answers."""

    body: Answer | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Said | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row. `roles` None: open to everybody. `key`: whether an Idempotency-Key is taken.

    `problems` are the codes it may answer with, besides those every operation may; `most_bytes` is
    how large its body may be.
    """

    name: str
    method: Literal["GET", "PUT", "POST"]
    path: str
    summary: str
    handler: Handler
    answer: type[BaseModel] | None
    tag: str
    status: int = 200
    roles: frozenset[Role] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    key: Literal["no", "optional", "required"] = "no"
    problems: tuple[str, ...] = ()
    media: str = "application/json"
    description: str = ""
    most_bytes: int = 65_536
