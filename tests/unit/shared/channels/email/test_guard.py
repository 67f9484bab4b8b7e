"""A hostile mail is refused by counting, before anything expensive reads it."""

from email.message import Message
from typing import Any, NoReturn

import pytest

from shared.channels import Incoming, Unprocessed
from shared.channels.email import guard
from shared.channels.email.dead import MOST_BYTES
from shared.channels.email.settings import MailLimits
from shared.errors import PayloadInvalid
from tests.unit.shared.channels.email.accounts import HEAD, read

LIMITS = MailLimits()
TOO_MUCH = {
    "a To header of 200 kB": b"To: " + b"a@b.example, " * 15_000 + HEAD + b"\r\nHi",
    "a folded To header of 10 kB": b"To: a@b.example" + b",\r\n a@b.example" * 700 + b"\r\n" + HEAD,
    "a Content-Type of 189 kB": b"Content-Type: text/plain" + b"; a=b" * 38_000 + b"\r\n" + HEAD,
    "a Content-Type of 9 kB": b"Content-Type: text/plain" + b"; a=b" * 1_900 + b"\r\n" + HEAD,
    "a subject of 9 kB": b"Subject: " + b"x" * 9_000 + b"\r\n" + HEAD,
    "70 kB of small headers": b"X-A: 1\r\n" * 9_000 + HEAD + b"\r\nHi",
    "headers without an end": b"X-A: 1\r\n" * 9_000,
    "201 addresses": b"Cc: " + b"a@b.cd," * 201 + b"\r\n" + HEAD + b"\r\nHi",
    "700 000 lines": HEAD + b"\r\n" + b"\n" * 700_000,
    "700 000 bare carriage returns": HEAD + b"\r\n" + b"\r" * 700_000,
}


def nested(depth: int, innermost: bytes = b"Content-Type: text/plain\r\n\r\nHi\r\n") -> bytes:
    """Multiparts in multiparts."""
    begin = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    end = b"".join(b"--b%d--\r\n" % n for n in reversed(range(depth)))
    return HEAD + begin + innermost + end


def with_parts(count: int) -> bytes:
    """One multipart with that many parts in it."""
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * count + b"--b--\r\n"


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test when a mail reaches the parser of the standard library."""

    def parse(content: bytes, **options: Any) -> NoReturn:
        raise AssertionError("the mail was parsed")

    monkeypatch.setattr(guard, "message_from_bytes", parse)


@pytest.mark.usefixtures("no_parser")
@pytest.mark.parametrize("content", TOO_MUCH.values(), ids=TOO_MUCH)
def test_refused_before_parsing(content: bytes) -> None:
    with pytest.raises(PayloadInvalid, match="more than"):
        guard.read_message(content, LIMITS)


@pytest.mark.usefixtures("no_parser")
@pytest.mark.parametrize("header", [b"Content-Type:", b"content-type:\r\n ", b"\rContent-Type: "])
def test_nested_three_thousand_deep_is_refused_before_parsing(header: bytes) -> None:
    content = nested(3_000).replace(b"Content-Type:", header)
    with pytest.raises(PayloadInvalid, match="more than 64 nested parts"):
        guard.read_message(content, LIMITS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (nested(9), "nested more than 8 deep"),
        (with_parts(64), "more than 64 parts"),
        (nested(1, b"Content-Type: a/b" + b"; c=d" * 1_900 + b"\r\n\r\n"), "too large headers"),
        (nested(1, b"X-A: " + b"x" * 66_000 + b"\r\n\r\n"), "too large headers"),
    ],
    ids=["depth", "parts", "a field of a part", "headers of a part"],
)
def test_refused_by_its_shape(content: bytes, said: str) -> None:
    with pytest.raises(PayloadInvalid, match=said):
        guard.read_message(content, LIMITS)


@pytest.mark.parametrize(
    "content",
    [
        nested(8),
        with_parts(63),
        b"Cc: " + b"a@b.cd," * 190 + b"\r\n" + HEAD + b"\r\nHi",
        b"References: " + b"<r@x>\r\n " * 2_000 + b"\r\n" + HEAD + b"\r\nHi",
        b"X-Spam: " + b"x" * 50_000 + b"\r\n" + HEAD + b"\r\nHi",
    ],
    ids=["depth 8", "64 parts", "190 addresses", "2 000 references", "a large foreign header"],
)
def test_read_up_to_the_limits(content: bytes) -> None:
    assert isinstance(guard.read_message(content, LIMITS), Message)
    assert isinstance(read(content)[0], Incoming)


def test_what_is_refused_is_kept_whole() -> None:
    content = nested(3_000)
    [item] = read(content)
    assert isinstance(item, Unprocessed)
    assert (item.reason, item.raw) == ("payload_invalid", content)


def test_what_cannot_be_kept_whole_is_not_taken() -> None:
    with pytest.raises(PayloadInvalid, match="too large to be kept"):
        read(nested(9) + b"x" * MOST_BYTES)


def test_a_text_too_long_for_a_record_is_cut_and_says_so() -> None:
    [item] = read(HEAD + b"\r\n" + b"All work and no play.\r\n" * 20_000)
    assert isinstance(item, Incoming)
    text = item.action.text or ""
    assert len(text.encode()) <= LIMITS.text_bytes
    assert text.endswith("[cut here: the mail has more text]")
    assert item.action.hints["text_cut"] == str(20_000 * 22 - 1)
