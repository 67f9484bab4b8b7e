"""Structured logs: constant event names with key-values, never what a customer wrote."""

import logging
import sys
from typing import Any

import structlog

_PRIVATE = frozenset(
    {"text", "body", "address", "to", "sender", "token", "secret", "password", "phone", "email"}
)


def configure_logs(level: str, style: str, **context: str) -> None:
    """Log to standard error, as JSON (`style="json"`) or for a terminal (`style="text"`)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**context)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank the values that must never be logged, should somebody pass one."""
    for key in _PRIVATE & event.keys():
        event[key] = "[redacted]"
    return event
