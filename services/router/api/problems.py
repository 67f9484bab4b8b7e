"""Every refusal of the API, as RFC 9457 problem details.

An error says what happened (`detail`), where (`instance`, `errors`) and what to do (`hint`). The
catalogue is part of the documentation: a code, once published, keeps its meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, what it is called, and what the caller should do."""

    status: int
    title: str
    hint: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "malformed": Kind(
            400, "The request cannot be read", "Send JSON in UTF-8 as the documentation shows it."
        ),
        "key_required": Kind(
            400,
            "An Idempotency-Key is required",
            "Send a new random Idempotency-Key with each message; repeat it only with the message.",
        ),
        "unauthenticated": Kind(
            401,
            "Nobody is signed in",
            "Sign in at POST /v1/sessions and send Authorization: Bearer <token>.",
        ),
        "forbidden": Kind(403, "You may not do this", "Ask somebody whose role allows it."),
        "not_found": Kind(
            404, "There is no such thing here", "Check the id; lists show those that exist."
        ),
        "method_not_allowed": Kind(
            405, "This address does not take that method", "Use a method of the Allow header."
        ),
        "too_slow": Kind(408, "The request took too long to arrive", "Send it again."),
        "conflict": Kind(
            409, "The state does not allow this", "Read the present state, then decide anew."
        ),
        "no_stream": Kind(
            409,
            "No event stream is open",
            "Open GET /v1/events first: it is what keeps an agent present.",
        ),
        "not_assigned": Kind(
            409, "Nobody holds this conversation", "Accept it when it is offered to you."
        ),
        "window_closed": Kind(
            409,
            "The time for a free answer is over",
            "Send one of the templates named in the conversation's `reply`.",
        ),
        "no_live_call": Kind(
            409,
            "There is no live call",
            "A call is answered by voice; text goes only into a live call.",
        ),
        "in_flight": Kind(
            409,
            "The first request with this key is still under way",
            "Wait for the seconds in Retry-After, then repeat the request as it was.",
        ),
        "gone": Kind(
            410, "It is over", "Drop it; what is open is shown by the lists and the stream."
        ),
        "too_large": Kind(413, "The request is too large", "Send less; files go by address."),
        "unsupported_media": Kind(
            415, "This is no JSON", "Send Content-Type: application/json, not compressed."
        ),
        "invalid": Kind(
            422, "Something in the request is not right", "Correct the places named in `errors`."
        ),
        "too_long": Kind(
            422,
            "The channel does not carry so much text",
            "Shorten it, or send several messages; `reply.text_limit` names the limit.",
        ),
        "not_carried": Kind(
            422,
            "The channel does not carry this",
            "Use what the conversation's `reply` names.",
        ),
        "key_reused": Kind(
            422, "This key was used for another request", "Use a new Idempotency-Key."
        ),
        "too_many": Kind(429, "Too many of you at once", "Wait for the seconds in Retry-After."),
        "internal": Kind(
            500, "Something is broken here", "Report the `instance`; do not repeat the request."
        ),
        "outcome_unknown": Kind(
            503,
            "Whether it was done is not known",
            "Repeat the request with the same Idempotency-Key; it is not done twice.",
        ),
        "view_behind": Kind(
            503,
            "What is shown is behind the record",
            "Repeat the request after the seconds in Retry-After.",
        ),
        "unavailable": Kind(
            503,
            "A part that is needed does not answer",
            "Repeat the request after the seconds in Retry-After.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong place of a request body or query: an RFC 6901 pointer and what is wrong there."""

    pointer: str
    detail: str


class Problem(Exception):
    """The request is refused. `retry_after` is in seconds."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    def document(self, instance: str) -> dict[str, Any]:
        """The body. `instance` names this one occurrence."""
        found: dict[str, Any] = {
            "type": f"/docs#problem-{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.kind.hint,
            "instance": instance,
        }
        if self.faults:
            found["errors"] = [
                {"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults
            ]
        return found


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message may not be sent: a kind of problem and a sentence for the agent."""

    code: str
    detail: str
    pointer: str | None = field(default=None)

    def problem(self) -> Problem:
        faults = [Fault(self.pointer, self.detail)] if self.pointer else []
        return Problem(self.code, self.detail, faults=faults)
