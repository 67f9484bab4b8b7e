"""What Apple's gateway answers (Apple, "Messages for Business REST API": status codes)."""

from collections.abc import Mapping

from shared.channels.meaning import Meaning

_CLOSED = Meaning("unreachable", "The customer has closed the conversation, or never wrote.")
_FAILED = Meaning("retry", "Apple's service failed; the same id is sent again.", 5)
_REFUSED = Meaning("misconfigured", "Apple does not accept our token: check secret and clock.")

STATUSES: Mapping[int, Meaning] = {
    400: Meaning("rejected_content", "Apple says that the message is malformed."),
    401: _REFUSED,
    403: _REFUSED,
    404: _CLOSED,
    410: _CLOSED,
    413: Meaning("rejected_content", "The message is too large for Apple."),
    415: Meaning("rejected_content", "Apple does not take this type of message."),
    429: Meaning("throttled", "Apple asks us to slow down.", 5),
    500: _FAILED,
    502: _FAILED,
    503: _FAILED,
}
