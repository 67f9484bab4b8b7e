"""Structured logs: constant event names with key-values, never what a customer wrote."""

import logging
import sys
from typing import Any

import structlog

_PRIVATE = frozenset(
    {"text", "body", "address", "to", "sender", "token", "secret", "password", "phone", "email"}
)

_QUIET = 30.0  # seconds


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
    for handler in logging.getLogger().handlers:
        handler.addFilter(Repetitions())


class Repetitions(logging.Filter):
    """Lets a library say the same thing once in 30 s: while a broker is away, one of ours does so
    ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said = (record.name, str(record.msg))
        if record.created - self._last.get(said, float("-inf")) < _QUIET:
            return False
        self._last[said] = record.created
        return True


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank the values that must never be logged, should somebody pass one."""
    for key in _PRIVATE & event.keys():
        event[key] = "[redacted]"
    return event
