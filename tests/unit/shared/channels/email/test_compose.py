"""Whatever stands in a message: a mail that says it, and nothing more than it."""

import string
from email import message_from_bytes
from email.message import Message

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.channels import MailRequest
from shared.channels.email import Email
from shared.channels.email.addresses import plain
from shared.channels.email.compose import capped
from shared.channels.email.headers import msg_ids, raw_header, shown
from shared.events.outbound import Alert, MailThread, OutboundMessage
from tests.unit.shared.channels.email.accounts import CUSTOMER, NOW, account, read

EXPECTED = {
    *("content-type", "mime-version", "from", "to", "reply-to", "date", "content-language"),
    *("message-id", "subject", "in-reply-to", "references", "x-loop", "auto-submitted"),
    *("x-auto-response-suppress", "list-unsubscribe", "list-unsubscribe-post"),
    "content-transfer-encoding",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
NASTY = st.lists(
    st.sampled_from(
        ["\r\n", "\n", "\r", "\x00", "\u2028", "Bcc: x@y.example", ".", "=?utf-8?q?a?="]
    )
    | TEXT,
    max_size=6,
).map("".join)
KEY = "0123456789abcdef01234567"


def message(**changes: object) -> OutboundMessage:
    """A reply to the customer."""
    plain_message = {
        "id": "msg_00112233445566778899aabb",
        "workspace": "shop",
        "channel": "email",
        "account": "main",
        "conversation_key": KEY,
        "to": CUSTOMER,
        "text": "Hello",
        "written_at": NOW,
    }
    return OutboundMessage.model_validate(plain_message | changes)


def sent(subject: str = "", text: str = "Hello", **changes: object) -> MailRequest:
    """The mail that carries a message."""
    thread = MailThread(subject=subject, in_reply_to="<one@customer.example>")
    given_account = account(from_name=changes.pop("from_name", "Shop"))
    whole = message(text=text, mail=thread, **changes)
    [request] = Email().compose(whole, given_account, NOW)
    return request


def parsed(request: MailRequest) -> Message:
    """As a mail program reads it."""
    return message_from_bytes(request.content)


@settings(deadline=None, max_examples=300)
@given(subject=NASTY, name=NASTY.map(lambda text: text[:100]), text=NASTY.filter(str.strip))
def test_nothing_can_be_injected(subject: str, name: str, text: str) -> None:
    body = text if text.replace("\x00", "").strip() else "Hello"
    request = sent(subject, body, from_name=name)
    mail = parsed(request)
    assert {key.lower() for key in mail} <= EXPECTED
    assert len(mail.keys()) == len({key.lower() for key in mail})
    assert request.recipients == (CUSTOMER,)
    lines = request.content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert not [line for line in lines if b"\r" in line or b"\n" in line or b"\x00" in line]


@settings(deadline=None, max_examples=200)
@given(st.text(string.printable + "äß€→漢🙂", min_size=1).filter(lambda text: text.strip()))
def test_the_text_arrives(text: str) -> None:
    mail = parsed(sent(text=text))
    [first, _] = [part for part in mail.walk() if not part.is_multipart()]
    decoded = first.get_payload(decode=True)
    assert isinstance(decoded, bytes)
    assert decoded.decode().split() == text.split()


@given(st.text(string.ascii_letters + " äß€漢", min_size=1, max_size=200))
def test_the_subject_arrives(subject: str) -> None:
    found = shown(raw_header(parsed(sent(subject)), "subject"))
    assert found.removeprefix("Re:").split() == subject.split()


def test_every_attempt_has_the_same_bytes() -> None:
    assert sent("Parcel") == sent("Parcel")


@given(st.lists(st.integers(0, 10**6).map("<{}@customer.example>".format), min_size=1, unique=True))
def test_references_keep_the_root_and_the_latest(references: list[str]) -> None:
    kept = capped(references)
    assert kept[0] == references[0]
    assert kept[-1] == references[-1]
    assert len(" ".join(kept)) <= 950
    assert [r for r in references if r in kept] == kept


def test_an_answer_to_our_mail_comes_back_to_its_conversation() -> None:
    mail = parsed(sent("Parcel"))
    [token] = [plain(part) for part in str(mail["reply-to"]).split() if "@" in part]
    own_id = msg_ids(str(mail["message-id"]))[0]
    by_address = f"From: {CUSTOMER}\r\nTo: {token}\r\n\r\nThanks".encode()
    by_id = f"From: {CUSTOMER}\r\nIn-Reply-To: {own_id}\r\n\r\nThanks".encode()
    keys = [getattr(read(content)[0], "conversation_key", None) for content in (by_address, by_id)]
    assert keys == [KEY, KEY]


def test_our_mail_coming_back_is_a_loop() -> None:
    looped = sent("Parcel").content.replace(b"X-Loop: support@shop.example\r\n", b"")
    assert [type(item).__name__ for item in read(looped)] == ["Skipped"]


def test_advertising_without_a_public_address_offers_a_mail() -> None:
    alert = Alert(id="alr_1", rule="stock", purpose="marketing")
    mail = parsed(sent("Back in stock", kind="alert", alert=alert))
    assert str(mail["list-unsubscribe"]).startswith("<mailto:support+u_")
    assert mail["list-unsubscribe-post"] is None
