"""Reports about mail we sent: bounces (RFC 3464) and complaints (RFC 5965).

Anybody can forge one, so a report counts only with a signature of ours in it: the address it came
to (VERP), or the Message-ID of the mail it returns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message

from shared.channels import Item, Reported, Skipped
from shared.channels.email.addresses import plain, split_extension
from shared.channels.email.dead import dead
from shared.channels.email.delivery import Delivery
from shared.channels.email.guard import children, tree
from shared.channels.email.headers import addresses, msg_ids, raw_header, raw_headers
from shared.channels.email.parts import mime_type, payload, text_of
from shared.channels.email.settings import EmailSettings
from shared.channels.email.status import enhanced_meaning, find_enhanced
from shared.channels.email.tokens import Ours, Tokens
from shared.channels.meaning import Meaning
from shared.events.outbound import ReceiptStatus

_COMPLAINT = Meaning("opted_out", "The customer reported our mail as unwanted.")
_NOTED = frozenset({"delayed", "relayed", "expanded", "not-spam", "virus", "other"})
_SCAN_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says. `action` is the DSN's or the feedback type, `status` an RFC 3463 code."""

    action: str
    status: str | None
    customers: tuple[str, ...]
    returned_id: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that may be a report: where and when it came, and its deduplication key."""

    delivery: Delivery
    account: EmailSettings
    dedupe: str
    now: datetime


def read_report(message: Message, arrival: Arrival) -> Item | None:
    """The item of a report; None when the mail is none, not even by the address it came to."""
    tokens = Tokens(arrival.account)
    verp = _verp(arrival, tokens)
    report = _report(message)
    if report is None:
        return None if verp is None else _informal(message, verp, arrival)
    ours = verp or tokens.ours(report.returned_id, report.customers)
    if ours is None:
        detail = "a report about a mail that is not provably ours"
        content = arrival.delivery.content
        return dead(arrival.account, "signature_invalid", "bounce", content, detail)
    return _reported(report, ours, arrival)


def _reported(report: Report, ours: Ours, arrival: Arrival) -> Item:
    if report.action in ("abuse", "fraud", "opt-out"):
        return _failed(ours, arrival, _COMPLAINT, report.action)
    if report.action == "failed":
        code = report.status or "5.0.0"
        return _failed(ours, arrival, enhanced_meaning(code), code)
    if report.action == "delivered":
        return _about(ours, arrival, "delivered")
    if report.action in _NOTED:
        return Skipped(f"report_{report.action}")
    content, detail = arrival.delivery.content, f"a report that says {report.action[:40]!r}"
    return dead(arrival.account, "unknown_type", "bounce", content, detail)


def _failed(ours: Ours, arrival: Arrival, meaning: Meaning, code: str) -> Reported:
    report = _about(ours, arrival, "failed")
    return replace(report, kind=meaning.kind, code=code, reason=meaning.reason)


def _about(ours: Ours, arrival: Arrival, status: ReceiptStatus) -> Reported:
    return Reported(
        recipient=arrival.account.address,
        dedupe=arrival.dedupe,
        thread=(),
        status=status,
        occurred_at=arrival.now,
        message_id=ours.message_id,
        conversation_key=ours.conversation_key,
    )


def _verp(arrival: Arrival, tokens: Tokens) -> Ours | None:
    for recipient in arrival.delivery.recipients:
        mailbox, extension = split_extension(recipient)
        if mailbox == arrival.account.bounces:
            return tokens.bounced(extension)
    return None


def _informal(message: Message, ours: Ours, arrival: Arrival) -> Item | None:
    """A mail to a genuine bounce address that is no report: old servers write prose with a code.

    An absence note comes to the same address: it stays a mail.
    """
    if arrival.delivery.sender:
        return None
    texts = (text_of(part, _SCAN_BYTES) for part, _ in tree(message) if not part.is_multipart())
    code = find_enhanced(next(texts, ""))
    if code is None or not code.startswith("5"):
        return None
    return _failed(ours, arrival, enhanced_meaning(code), code)


def _report(message: Message) -> Report | None:
    if mime_type(message) != "multipart/report":
        return None
    for part in children(message):
        kind = mime_type(part)
        if kind == "message/delivery-status":
            return _delivery_status(message, part)
        if kind == "message/feedback-report":
            return _feedback(message, part)
    return None


def _delivery_status(message: Message, part: Message) -> Report:
    blocks = children(part)
    recipients = [block for block in blocks if raw_header(block, "action")] or blocks[-1:]
    failed = (b for b in recipients if raw_header(b, "action").lower() == "failed")
    block = next(failed, recipients[0] if recipients else part)
    return Report(
        action=raw_header(block, "action").lower(),
        status=_status(block),
        customers=(*_final(block), *_returned_to(message)),
        returned_id=_returned_id(message),
    )


def _status(block: Message) -> str | None:
    """The code of a recipient; the remote server's own, where the status only says `failed`."""
    status = find_enhanced(raw_header(block, "status"))
    return status or find_enhanced(raw_header(block, "diagnostic-code"))


def _final(block: Message) -> Iterator[str]:
    for name in ("original-recipient", "final-recipient"):
        address = plain(raw_header(block, name).rpartition(";")[2])
        if address:
            yield address


def _feedback(message: Message, part: Message) -> Report:
    inner = next(iter(children(part)), part)
    named = [plain(value) for value in raw_headers(inner, "original-rcpt-to")]
    return Report(
        action=raw_header(inner, "feedback-type").lower(),
        status=None,
        customers=(*filter(None, named), *_returned_to(message)),
        returned_id=_returned_id(message),
    )


def _returned(message: Message) -> Message | None:
    """The mail, or its headers, that the report gives back."""
    for part in children(message):
        kind = mime_type(part)
        if kind == "message/rfc822":
            return next(iter(children(part)), None)
        if kind == "text/rfc822-headers":
            return _headers_only(part)
    return None


def _headers_only(part: Message) -> Message:
    headers = Message()
    text = payload(part)[:_SCAN_BYTES].decode("utf-8", "replace").replace("\r\n", "\n")
    for line in text.replace("\n ", " ").replace("\n\t", " ").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip() == name and name.isascii():
            headers[name] = value.strip()
    return headers


def _returned_id(message: Message) -> str:
    returned = _returned(message)
    ids = () if returned is None else msg_ids(raw_header(returned, "message-id"))
    return next(iter(ids), "")


def _returned_to(message: Message) -> list[str]:
    returned = _returned(message)
    return [] if returned is None else [address for _, address in addresses(returned, "to")]
