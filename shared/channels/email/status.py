"""What SMTP codes mean (RFC 5321, 4.2; RFC 3463 enhanced codes; RFC 4954 for signing in)."""

import re

from shared.channels import MailReply, Outcome
from shared.channels.meaning import Meaning, outcome

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")

_GONE = Meaning("unreachable", "The address does not exist or takes no mail.")
_FULL = Meaning("retry", "The mailbox is full.", 3600)
_LATER = Meaning("retry", "The mail server asks us to try later.", 900)
_BUSY = Meaning("throttled", "The mail server asks us to slow down.", 60)
_LARGE = Meaning("rejected_content", "The mail is too large for the recipient.")
_REFUSED = Meaning("rejected_content", "The recipient's server refuses this mail (policy or spam).")
_OURS = Meaning("misconfigured", "The mail server does not accept our login or our commands.")
_CONTENT = Meaning("rejected_content", "The recipient's server cannot take this content.")

_PERMANENT_DETAIL = {
    "1.8": _REFUSED,  # our sender address is not accepted
    "1.7": _REFUSED,
    "2.2": _FULL,
    "2.3": _LARGE,
    "3.4": _LARGE,
    "7.8": _OURS,
    "7.9": _OURS,
    "7.11": _OURS,
}
_PERMANENT_SUBJECT = {
    "1": _GONE,
    "2": _GONE,
    "3": _GONE,
    "4": _GONE,
    "5": _OURS,
    "6": _CONTENT,
    "7": _REFUSED,
}
_PERMANENT_CODE = {
    **dict.fromkeys((500, 501, 502, 503, 504, 555), _OURS),
    **dict.fromkeys((530, 534, 535, 538), _OURS),
    **dict.fromkeys((550, 551, 553, 556), _GONE),
    552: _LARGE,
    554: _REFUSED,
}


def enhanced_meaning(code: str) -> Meaning:
    """What an enhanced code such as `5.1.1` says. A code that says nothing means gone."""
    kind, _, rest = code.partition(".")
    if kind == "4":
        return _BUSY if rest == "7.0" else _LATER
    return _PERMANENT_DETAIL.get(rest) or _PERMANENT_SUBJECT.get(rest.partition(".")[0], _GONE)


def find_enhanced(text: str) -> str | None:
    """The first enhanced code in a text that says more than `x.0.0`."""
    found = [".".join(match) for match in ENHANCED.findall(text[:2000])]
    telling = [code for code in found if not code.endswith(".0.0")]
    return next(iter(telling), None)


def confirmed(reply: MailReply) -> Outcome:
    """The outcome of handing a mail in."""
    if 200 <= reply.code < 300:
        return Outcome("accepted", code=str(reply.code))
    code = find_enhanced(reply.text)
    meaning = _refused(reply.code, code)
    return outcome(meaning, code=code or str(reply.code))


def _refused(code: int, enhanced: str | None) -> Meaning:
    if 400 <= code < 500:
        return _BUSY if code == 421 else _LATER
    if _PERMANENT_CODE.get(code) is _OURS or enhanced is None:
        return _PERMANENT_CODE.get(code, _OURS)
    return enhanced_meaning(enhanced)
