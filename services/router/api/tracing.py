"""W3C Trace Context: a caller's `traceparent` goes with what his request leads to."""

import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

TRACE: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The trace of the request that is being worked off."""


def begin(header: str | None) -> str | None:
    """Take the trace of a request; one that is not well-formed counts as none."""
    trace = header if header is not None and _TRACEPARENT.fullmatch(header) else None
    TRACE.set(trace)
    return trace
