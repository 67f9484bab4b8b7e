"""What providers' codes mean: tables are data, this reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.channels import HttpReply, Outcome
from shared.events.outbound import OutcomeKind

_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code's outcome, the sentence for the agent, and the first wait in seconds."""

    kind: OutcomeKind
    reason: str
    after: float | None = None


def outcome(
    meaning: Meaning, *, code: str, details: str = "", after: float | None = None
) -> Outcome:
    """The outcome of a failed call. A wait the provider named itself goes before the table's."""
    reason = f"{meaning.reason} ({details[:200]})" if details else meaning.reason
    wait = None
    if meaning.kind in ("retry", "throttled"):
        wait = after if after is not None else meaning.after
    return Outcome(meaning.kind, after=wait, code=code, reason=reason)


def http_meaning(status: int) -> Meaning:
    """What a status says when the body says nothing.

    A gateway's 5xx leaves open whether the message went out, so it is `unknown`; 503 is a refusal.
    """
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return Meaning("unknown", "The provider failed; the message may have been sent.")
    if status >= 400:
        return Meaning("rejected_content", "The provider refused the request.")
    return Meaning("misconfigured", "The provider's address answers something else.")


_STATUS: Mapping[int, Meaning] = {
    401: Meaning("misconfigured", "The provider does not accept our credentials."),
    403: Meaning("misconfigured", "The provider does not allow us this."),
    404: Meaning("misconfigured", "The provider does not know this address."),
    405: Meaning("misconfigured", "The provider does not know this address."),
    408: Meaning("unknown", "The provider gave up waiting; the message may have been sent."),
    413: Meaning("rejected_content", "The message is too large for the provider."),
    429: Meaning("throttled", "The provider asks us to slow down."),
    503: Meaning("retry", "The provider is not available at the moment."),
}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3); None for a date or nonsense."""
    value = headers.get("retry-after", "").strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(float(value[:9]), _LONGEST_WAIT)


def of_http(reply: HttpReply) -> Outcome:
    """The outcome of a reply whose body says nothing."""
    return outcome(
        http_meaning(reply.status), code=str(reply.status), after=retry_after(reply.headers)
    )
