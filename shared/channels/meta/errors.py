"""Graph API errors: what every platform of Meta's says the same way (Meta, "Handling errors")."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.channels import HttpReply, Outcome
from shared.channels.meaning import Meaning, http_meaning, of_http, outcome, retry_after
from shared.channels.payload import Wire, read_item
from shared.errors import PayloadInvalid

Codes = Mapping[int, Meaning]
Subcodes = Mapping[tuple[int, int], Meaning]

_CREDENTIALS = Meaning("misconfigured", "Meta does not accept our access token.")
_PERMISSION = Meaning("misconfigured", "Our app lacks a permission at Meta.")
_SLOW_DOWN = "Meta asks us to slow down."

GRAPH: Codes = {
    0: _CREDENTIALS,
    1: Meaning("retry", "Meta reports an unknown error.", 5),
    2: Meaning("retry", "Meta's service is not available at the moment.", 5),
    3: _PERMISSION,
    4: Meaning("throttled", _SLOW_DOWN, 60),
    10: _PERMISSION,
    17: Meaning("throttled", _SLOW_DOWN, 60),
    32: Meaning("throttled", _SLOW_DOWN, 60),
    33: Meaning("misconfigured", "Our number or page no longer exists at Meta."),
    100: Meaning("rejected_content", "Meta says that something in the message is not valid."),
    190: _CREDENTIALS,
    368: Meaning("misconfigured", "Meta has restricted our account for a policy violation."),
    **dict.fromkeys(range(200, 300), _PERMISSION),
    613: Meaning("throttled", _SLOW_DOWN, 30),
}


class Details(Wire):
    details: str = ""


class GraphError(Wire):
    """The error object, in a reply and in a WhatsApp status. Titles and texts are not stable, and
    may repeat a token: only the code and WhatsApp's `details` are used."""

    code: int
    error_subcode: int | None = None
    is_transient: bool = False
    error_data: Details | None = None

    @property
    def name(self) -> str:
        """Code and subcode as one word."""
        return str(self.code) if self.error_subcode is None else f"{self.code}/{self.error_subcode}"


def meaning_of(error: GraphError, codes: Codes, subcodes: Subcodes) -> Meaning | None:
    """What the tables say: by code and subcode, then by the platform's code, then by Graph's."""
    exact = subcodes.get((error.code, error.error_subcode or 0))
    return exact or codes.get(error.code) or GRAPH.get(error.code)


def failed(reply: HttpReply, codes: Codes, subcodes: Subcodes) -> Outcome:
    """The outcome of a reply that is not a 2xx."""
    error = read_error(reply.body)
    if error is None:
        return of_http(reply)
    known = meaning_of(error, codes, subcodes)
    if known is None:
        known = Meaning("retry", "Meta reports a passing error.", 5) if error.is_transient else None
    details = error.error_data.details if error.error_data else ""
    return outcome(
        known or http_meaning(reply.status), code=error.name, details=details, after=_wait(reply)
    )


def read_error(body: bytes) -> GraphError | None:
    """The error object of a reply, None when there is none that can be read."""
    found = read_reply(body)
    try:
        return read_item(GraphError, found.get("error"), "error")
    except PayloadInvalid:
        return None


def read_reply(body: bytes) -> dict[str, Any]:
    """A reply's JSON object; empty when it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _wait(reply: HttpReply) -> float | None:
    """Seconds to wait: Retry-After, or the minutes of X-Business-Use-Case-Usage (Meta, "Rate
    limits")."""
    return retry_after(reply.headers) or _regain_access(reply.headers)


def _regain_access(headers: Mapping[str, str]) -> float | None:
    try:
        usage = orjson.loads(headers.get("x-business-use-case-usage", ""))
        minutes = max(
            float(use["estimated_time_to_regain_access"]) for uses in usage.values() for use in uses
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return min(minutes * 60, 86_400.0) if minutes > 0 else None
