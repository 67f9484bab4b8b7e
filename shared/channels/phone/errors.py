"""What Twilio's codes mean for us (Twilio, "Error and Warning Dictionary"; RFC 3261 for SIP)."""

from collections.abc import Mapping

from shared.channels.meaning import Meaning
from shared.channels.phone.turn import Turn

_ACCOUNT = Meaning("misconfigured", "Twilio does not accept this account or its credentials.")
_CALLER_ID = Meaning("misconfigured", "Twilio does not let us call with this caller id.")
_BUG = Meaning("misconfigured", "Twilio refused a parameter of the call.")
_GEOGRAPHY = Meaning("misconfigured", "Calls to this country are switched off at Twilio.")
_NUMBER = Meaning("unreachable", "This number cannot be called.")
_BLOCKED = Meaning("unreachable", "Twilio does not put calls through to this number.")
_OVER = Meaning("unreachable", "The call has already ended.")
_BUSY = Meaning("unreachable", "The line was busy.")
_NO_ANSWER = Meaning("unreachable", "Nobody answered.")
_FAILED = Meaning("unreachable", "The call could not be put through.")
_TWIML = Meaning("rejected_content", "Twilio could not read what was to be said.")
_SLOWLY = Meaning("throttled", "Twilio asks us to call more slowly.", after=2.0)
_DOUBT = Meaning("unknown", "Twilio failed; the call may have been made.")

CODES: Mapping[int, Meaning] = {
    12100: _TWIML,
    12200: _TWIML,
    12300: _TWIML,
    13223: _NUMBER,
    13224: _NUMBER,
    13225: _BLOCKED,
    13227: _GEOGRAPHY,
    20003: _ACCOUNT,
    20005: _ACCOUNT,
    20404: _OVER,
    20429: _SLOWLY,
    20500: _DOUBT,
    21201: _NUMBER,
    21202: _NUMBER,
    21203: _GEOGRAPHY,
    21204: _BUG,
    21205: _BUG,
    21210: _CALLER_ID,
    21211: _NUMBER,
    21212: _CALLER_ID,
    21213: _CALLER_ID,
    21214: _NUMBER,
    21215: _GEOGRAPHY,
    21216: _BLOCKED,
    21217: _NUMBER,
    21219: Meaning("misconfigured", "A trial account calls verified numbers only."),
    21220: _OVER,
    21262: _BUG,
    21263: _BUG,
    31480: Meaning("unreachable", "The phone is not reachable at the moment."),
    31486: _BUSY,
    31603: Meaning("unreachable", "The call was declined."),
    32014: _FAILED,
    32016: _FAILED,
    32017: Meaning("unreachable", "The carrier blocked our caller id."),
}
"""REST errors and error codes of status callbacks."""

_STATES: Mapping[str, Meaning] = {
    "busy": _BUSY,
    "no-answer": _NO_ANSWER,
    "canceled": Meaning("unreachable", "The call was taken back before it was answered."),
    "failed": _FAILED,
}
_BAD_NUMBER = frozenset({"404", "484", "604"})
"""SIP: not found, address incomplete, does not exist anywhere."""


def ended_badly(turn: Turn) -> tuple[Meaning, str] | None:
    """Why a call that ended did not reach a person or his machine, and the code that says so."""
    status = turn.get("CallStatus")
    if status == "completed":
        fax = turn.get("AnsweredBy") == "fax"
        return (Meaning("unreachable", "A fax machine answered."), "fax") if fax else None
    sip = turn.get("SipResponseCode")
    if status == "failed" and sip in _BAD_NUMBER:
        return _NUMBER, sip
    error = turn.whole("ErrorCode")
    if error is not None and error in CODES:
        return CODES[error], str(error)
    return _STATES.get(status, _FAILED), status
