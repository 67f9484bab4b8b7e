"""From a delivered mail to what the customer did."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from shared.channels import Incoming, Item, Skipped
from shared.channels.consent import consent_in
from shared.channels.email.addresses import plain, split_extension
from shared.channels.email.automatic import came_back, why_automatic
from shared.channels.email.body import Body, read_body
from shared.channels.email.bounces import Arrival, read_report
from shared.channels.email.dead import dead
from shared.channels.email.delivery import Delivery
from shared.channels.email.guard import read_message
from shared.channels.email.headers import addresses, msg_ids, raw_header, raw_headers, shown
from shared.channels.email.settings import EmailSettings
from shared.channels.email.tokens import Tokens
from shared.channels.email.unsubscribe import withdrawal
from shared.errors import PayloadInvalid
from shared.events.inbound import Action, Mail, Sender

_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_DMARC_PASS = re.compile(r";\s*dmarc\s*=\s*pass\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
DERIVED_DOMAIN = "no-message-id.invalid"
"""The right-hand side of ids we made for mails that came without one."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What the headers say. `answer_to` is where an answer goes, `author` who wrote it."""

    message_id: str
    author: str
    name: str
    answer_to: str
    subject: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]


def read_mail(delivery: Delivery, account: EmailSettings, now: datetime) -> list[Item]:
    """The items of one mail: one, except where it is rightly nothing to us."""
    content = delivery.content
    try:
        message = read_message(content, account.limits)
        head = _head(message, content)
    except PayloadInvalid as error:
        return [dead(account, error.code, "mail", content, str(error))]
    if came_back(message, head.message_id, head.author, account):
        return [Skipped("loop")]
    arrival = Arrival(delivery, account, _dedupe(head.message_id, head.author, content), now)
    report = read_report(message, arrival)
    if report is not None:
        return [report]
    return [_leaving(message, head, arrival) or _incoming(message, head, arrival)]


def _leaving(message: Message, head: _Head, arrival: Arrival) -> Incoming | None:
    """A mail to the address a customer unsubscribes by."""
    tokens, senders = Tokens(arrival.account), (head.author, head.answer_to)
    for address in _recipients(message, arrival.delivery):
        key = tokens.left(split_extension(address)[1], senders)
        if key is not None:
            return withdrawal(arrival.account, head.author, (), key, arrival.now)
    return None


def _head(message: Message, content: bytes) -> _Head:
    authors = addresses(message, "from") or addresses(message, "sender")
    if not authors:
        raise PayloadInvalid("nobody is its author: From is missing or unreadable")
    name, author = authors[0]
    answers = addresses(message, "reply-to")
    if len(answers) == 1 and answers[0][1] != author:
        name, answer_to = answers[0]
    else:
        answer_to = author
    found = msg_ids(raw_header(message, "message-id"))
    return _Head(
        message_id=found[0] if found else _derived_id(author, content),
        author=author,
        name=name,
        answer_to=answer_to,
        subject=shown(raw_header(message, "subject")),
        in_reply_to=msg_ids(raw_header(message, "in-reply-to")),
        references=msg_ids(" ".join(raw_headers(message, "references"))),
    )


def _derived_id(author: str, content: bytes) -> str:
    """The same id for the same mail: author and content, without what relays add on the way."""
    digest = hashlib.sha256(author.encode() + b"\x00" + _after_headers(content)).hexdigest()
    return f"<{digest[:32]}@{DERIVED_DOMAIN}>"


def _dedupe(message_id: str, author: str, content: bytes) -> str:
    """Some senders use one Message-ID for different mails: the content counts too."""
    digest = hashlib.sha256(f"{message_id}\x00{author}\x00".encode())
    digest.update(_after_headers(content))
    return f"mail:{digest.hexdigest()[:32]}"


def _after_headers(content: bytes) -> bytes:
    end = _HEADERS_END.search(content)
    return content[end.end() :].strip() if end else content


def _incoming(message: Message, head: _Head, arrival: Arrival) -> Incoming:
    account, delivery = arrival.account, arrival.delivery
    senders = tuple(dict.fromkeys((head.answer_to, head.author)))
    to = _recipients(message, delivery)
    body = read_body(message, head.message_id, account.limits.text_bytes)
    automatic = why_automatic(message, delivery.sender, head.author, head.subject)
    if automatic is None and body.hints.get("calendar") in ("reply", "counter"):
        automatic = "calendar"
    return Incoming(
        recipient=account.address,
        dedupe=arrival.dedupe,
        thread=(_root(head), head.answer_to),
        conversation_key=_known_thread(Tokens(account), to, senders, head),
        action=Action(
            kind="message",
            sender=_sender(message, head, senders),
            occurred_at=arrival.now,
            provider_id=head.message_id,
            text=body.text or None,
            attachments=body.attachments,
            reply_to=next(iter(head.in_reply_to), None),
            mail=_mail(message, head, body, account, automatic is not None),
            hints=_hints(body, to, account, automatic),
            automatic=automatic is not None,
        ),
    )


def _recipients(message: Message, delivery: Delivery) -> list[str]:
    """Every address it may have come to: a reply token can stand in any of them."""
    named = [address for name in ("to", "cc") for _, address in addresses(message, name)]
    for name in ("delivered-to", "x-original-to"):
        named += [plain(value) for value in raw_headers(message, name)]
    return list(dict.fromkeys(filter(None, (*delivery.recipients, *named))))


def _known_thread(
    tokens: Tokens, to: Sequence[str], senders: Sequence[str], head: _Head
) -> str | None:
    """The conversation a token proves: by address first, else by our Message-ID, newest first."""
    for address in to:
        key = tokens.replied(split_extension(address)[1], senders)
        if key is not None:
            return key
    for msg_id in (*head.in_reply_to, *reversed(head.references)):
        ours = tokens.ours(msg_id, senders)
        if ours is not None:
            return ours.conversation_key
    return None


def _root(head: _Head) -> str:
    """The first mail of the thread, as far as the mail itself says."""
    return next(iter((*head.references, *head.in_reply_to)), head.message_id)


def _sender(message: Message, head: _Head, senders: Sequence[str]) -> Sender:
    language = raw_header(message, "content-language").partition(",")[0].strip()
    return Sender(
        address=head.answer_to,
        name=head.name or None,
        language=language if _LANGUAGE.fullmatch(language) else None,
        alternatives=tuple(senders[1:]),
    )


def _mail(
    message: Message, head: _Head, body: Body, account: EmailSettings, automatic: bool
) -> Mail:
    return Mail(
        message_id=head.message_id,
        references=head.references or head.in_reply_to,
        subject=head.subject,
        reply_to=head.answer_to if head.answer_to != head.author else None,
        cc=_others(message, account),
        authenticated=_authenticated(message, head, account),
        automatic=automatic,
        whole_text=body.whole if body.whole != body.text else None,
    )


def _others(message: Message, account: EmailSettings) -> tuple[str, ...]:
    copied = (address for _, address in addresses(message, "cc"))
    return tuple(a for a in copied if split_extension(a)[0] not in account.mailboxes)


def _authenticated(message: Message, head: _Head, account: EmailSettings) -> bool:
    """DMARC passed, says the topmost Authentication-Results of our own border (RFC 8601, 5)."""
    if not account.authserv_id or head.answer_to != head.author:
        return False
    top = next(iter(raw_headers(message, "authentication-results")), "")
    server = top.partition(";")[0].strip().split(" ")[0]
    return server.lower() == account.authserv_id.lower() and bool(_DMARC_PASS.search(top))


def _hints(
    body: Body, to: Sequence[str], account: EmailSettings, automatic: str | None
) -> dict[str, str]:
    hints = dict(body.hints)
    mailbox = next((m for m, _ in map(split_extension, to) if m in account.addresses), None)
    if mailbox is not None:
        hints["mailbox"] = mailbox
    if automatic is not None:
        hints["automatic"] = automatic
    consent = consent_in(body.text)
    if consent is not None:
        hints["consent"] = consent
    return hints
