"""From a message to the mail that carries it (RFC 5322, 2045, 3834, 8058). The same message always
gives the same bytes, so that every attempt carries the same Message-ID."""

import re
from datetime import UTC
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr

from shared.channels import Limits, MailRequest
from shared.channels.email.addresses import extended, plain
from shared.channels.email.inbound import DERIVED_DOMAIN
from shared.channels.email.settings import EmailSettings
from shared.channels.email.text import to_html
from shared.channels.email.tokens import Tokens
from shared.channels.fit import Unsendable, check_attachments
from shared.events.outbound import OutboundMessage

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ANSWERED = re.compile(
    r"\s*(re|aw|antw|sv|vs|odp|rif|res|回复|答复)\s?(\[\d+\])?\s?:", re.IGNORECASE
)
_MSG_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_WIRE = compat32.clone(linesep="\r\n", max_line_length=998)
_MOST_REFERENCES = 20
_REFERENCES_BYTES = 900


def compose_mail(message: OutboundMessage, account: EmailSettings, limits: Limits) -> MailRequest:
    """The envelope and the bytes. Raises Unsendable."""
    customer = _customer(message, account)
    text = _text(message, limits)
    check_attachments(message, limits)
    tokens = Tokens(account)
    mail = _body(text, message, account)
    _address(mail, message, account, customer)
    _thread(mail, message, tokens, customer)
    if message.kind != "reply":
        _mark_automatic(mail, message)
    if message.alert is not None and message.alert.purpose == "marketing":
        _offer_the_way_out(mail, message, account, customer)
    mail["X-Loop"] = account.address
    return MailRequest(_envelope_sender(message, account), (customer,), mail.as_bytes(policy=_WIRE))


def _customer(message: OutboundMessage, account: EmailSettings) -> str:
    if message.kind == "call":
        raise Unsendable("misconfigured", "an e-mail account makes no calls")
    customer = plain(message.to)
    if not customer:
        raise Unsendable("unreachable", "this is not an e-mail address")
    if customer in account.mailboxes:
        raise Unsendable("rejected_content", "this is our own mailbox")
    return customer


def _text(message: OutboundMessage, limits: Limits) -> str:
    text = (
        (message.text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
    )
    if not text:
        raise Unsendable("rejected_content", "there is no text to send")
    if len(text) > limits.text:
        raise Unsendable("rejected_content", f"more than {limits.text} characters")
    return text


def _body(text: str, message: OutboundMessage, account: EmailSettings) -> Message:
    plain_part = _part(text, "plain")
    if not account.html:
        return plain_part
    alternative = MIMEMultipart("alternative", boundary=f"=_{message.id}")
    alternative.attach(plain_part)
    alternative.attach(_part(to_html(text, message.language), "html"))
    return alternative


def _part(text: str, subtype: str) -> MIMEText:
    """Quoted-printable: every line is short and ASCII, whatever servers lie on the way."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMEText(text + "\n", subtype, charset)  # type: ignore[arg-type]  # it takes a Charset
    del part["MIME-Version"]
    return part


def _address(
    mail: Message, message: OutboundMessage, account: EmailSettings, customer: str
) -> None:
    name = _one_line(account.from_name)
    token = Tokens(account).reply(message.conversation_key, customer)
    answer_to = extended(account.address, token)
    if "MIME-Version" not in mail:
        mail["MIME-Version"] = "1.0"
    mail["From"] = _named(name, account.address)
    mail["To"] = _raw(customer)
    if answer_to is not None:
        mail["Reply-To"] = _named(name, answer_to)
    mail["Date"] = format_datetime(message.written_at.astimezone(UTC))
    mail["Content-Language"] = _one_line(message.language)


def _raw(address: str) -> str:
    """An international address stands in UTF-8 (RFC 6532); the library writes such bytes as is."""
    return address.encode().decode("ascii", "surrogateescape")


def _named(name: str, address: str) -> str:
    return formataddr((name, address), "utf-8") if name else address


def _thread(mail: Message, message: OutboundMessage, tokens: Tokens, customer: str) -> None:
    thread = message.mail
    mail["Message-ID"] = tokens.message_id(message.id, message.conversation_key, customer)
    subject = _one_line(thread.subject) if thread else ""
    answers = real_ids((thread.in_reply_to,) if thread and thread.in_reply_to else ())
    references = real_ids((*(thread.references if thread else ()), *answers))
    if thread and (thread.in_reply_to or thread.references) and not _ANSWERED.match(subject):
        subject = f"Re: {subject}".rstrip()
    mail["Subject"] = _encoded(subject)
    if answers:
        mail["In-Reply-To"] = answers[0]
    if references:
        mail["References"] = " ".join(capped(references))


def real_ids(ids: tuple[str, ...]) -> list[str]:
    """The well-formed ones, once each, without those we made for mails that had none."""
    found = dict.fromkeys(
        part for value in ids for part in re.findall(r"<[!-;=?-~]{3,250}>", value)
    )
    return [found_id for found_id in found if not found_id.endswith(f"@{DERIVED_DOMAIN}>")]


def capped(references: list[str]) -> list[str]:
    """The first, which names the thread, and the last ones: in all one line of 998 (RFC 5322)."""
    kept = references[:1]
    size = len(kept[0])
    latest: list[str] = []
    for reference in reversed(references[1:]):
        size += len(reference) + 1
        if size > _REFERENCES_BYTES or len(latest) == _MOST_REFERENCES:
            break
        latest.append(reference)
    return [*kept, *reversed(latest)]


def _mark_automatic(mail: Message, message: OutboundMessage) -> None:
    """RFC 3834: no machine shall answer this. Exchange may still report that it bounced (NDR)."""
    answered = message.kind == "auto"
    mail["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
    mail["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"


def _offer_the_way_out(
    mail: Message, message: OutboundMessage, account: EmailSettings, customer: str
) -> None:
    """List-Unsubscribe (RFC 2369) and, where we have a public address, one click (RFC 8058)."""
    tokens, ways = Tokens(account), []
    if account.public_url:
        token = tokens.unsubscribe(message.conversation_key, customer)
        path = f"/webhooks/email/{account.name}/unsubscribe/{token}"
        ways.append(f"<{account.public_url.rstrip('/')}{path}>")
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    by_mail = extended(account.address, tokens.leave(message.conversation_key, customer))
    if by_mail is not None:
        ways.append(f"<mailto:{by_mail}?subject=unsubscribe>")
    if ways:
        mail["List-Unsubscribe"] = ", ".join(ways)


def _envelope_sender(message: OutboundMessage, account: EmailSettings) -> str:
    token = Tokens(account).bounce(message.id, message.conversation_key)
    verp = extended(account.bounces, token) if token else None
    return verp or account.bounces


def _one_line(text: str) -> str:
    """No line end can reach a header (CWE-93)."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:500]


def _encoded(subject: str) -> str:
    if subject.isascii() and len(subject) < 900:
        return subject
    return Header(subject, "utf-8", header_name="Subject", maxlinelen=75).encode(linesep="\r\n")
