"""Mail that no person wrote (RFC 3834), and mail of our own that came back."""

import re
from email.message import Message

from shared.channels.email.headers import raw_header, raw_headers
from shared.channels.email.settings import EmailSettings
from shared.channels.email.tokens import Tokens

_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_PRESENT = (
    "list-id",
    "list-unsubscribe",
    "list-post",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-loop",
    "x-fc-machinegenerated",
)
_SUPPRESS = frozenset({"oof", "autoreply", "all", "dr", "rn", "nrn"})
_MACHINE = re.compile(
    r"mailer-daemon|postmaster|no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|bounces?([-+._=].*)?|owner-.+"
    r"|.+-request|.+-bounces"
)
_SUBJECT = re.compile(
    r"(auto(matic)?[ -]?(reply|response)|out of (the )?office|abwesenheits?|automatische antwort"
    r"|undeliverable|unzustellbar|réponse automatique|respuesta automática|risposta automatica)\b",
    re.IGNORECASE,
)


def why_automatic(message: Message, envelope_sender: str, author: str, subject: str) -> str | None:
    """The sign by which a machine wrote it; None for a person's mail.

    `Feedback-ID` is no sign here: large senders stamp it on the mail of persons too.
    """
    auto_submitted = raw_header(message, "auto-submitted").partition(";")[0].strip().lower()
    if auto_submitted not in ("", "no"):
        return "auto-submitted"
    for name in ("precedence", "x-precedence"):
        if raw_header(message, name).lower() in _PRECEDENCE:
            return name
    present = next((name for name in _PRESENT if raw_header(message, name)), None)
    if present:
        return present
    suppressed = raw_header(message, "x-auto-response-suppress").lower()
    if _SUPPRESS & set(re.split(r"[,;\s]+", suppressed)):
        return "x-auto-response-suppress"
    return _by_sender(message, envelope_sender, author, subject)


def _by_sender(message: Message, envelope_sender: str, author: str, subject: str) -> str | None:
    if not envelope_sender or raw_header(message, "return-path") == "<>":
        return "null-sender"
    if _MACHINE.fullmatch(author.partition("@")[0]):
        return "sender"
    if message.get_content_type() == "multipart/report":
        return "report"
    if _SUBJECT.match(subject):
        return "subject"
    return None


def came_back(message: Message, message_id: str, author: str, account: EmailSettings) -> bool:
    """Is it our own mail: by its Message-ID, by our X-Loop, or because we are its author?"""
    if Tokens(account).looks_ours(message_id) or author in account.mailboxes:
        return True
    return account.address in (value.lower() for value in raw_headers(message, "x-loop"))
