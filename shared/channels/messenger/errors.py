"""Messenger's own error codes (Meta, "Messenger Platform: error codes")."""

from shared.channels.meaning import Meaning
from shared.channels.meta.errors import Codes, Subcodes

_CLOSED = Meaning("window_closed", "More than 24 hours since the customer last wrote.")
_GONE = Meaning("unreachable", "Messenger does not know this customer any more.")
_NOT_RECEIVING = Meaning("unreachable", "The customer does not receive our messages.")
_FILE = Meaning("retry", "Messenger could not fetch our file.", 5)

CODES: Codes = {
    551: _NOT_RECEIVING,
    1200: Meaning("retry", "Messenger could not send at the moment.", 5),
    2534001: Meaning("unreachable", "The conversation was deleted."),
    2534025: Meaning("rejected_content", "This comment was already answered privately."),
}

SUBCODES: Subcodes = {
    (1, 1357046): Meaning("unknown", "Messenger reported a late error; it may have been sent."),
    (10, 2018065): _CLOSED,
    (10, 2018278): _CLOSED,
    (10, 2534022): _CLOSED,
    (10, 2018300): Meaning("unreachable", "Another app of the page holds this conversation."),
    (10, 1893063): Meaning("misconfigured", "The page may not send at the moment."),
    (100, 2018001): _GONE,
    (100, 2534014): _GONE,
    (100, 2018109): Meaning("rejected_content", "The file is too large for Messenger."),
    (100, 2018008): _FILE,
    (100, 2018007): _FILE,
    (100, 2018294): _FILE,
    (200, 1545041): _NOT_RECEIVING,
}
