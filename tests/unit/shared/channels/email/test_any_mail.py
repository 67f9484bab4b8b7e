"""Whatever bytes arrive: items that can be written down, or PayloadInvalid. Nothing else."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.mail_frames import dump_items
from shared.channels import Incoming, Item, Skipped
from shared.channels.email.html import html_to_text
from shared.channels.email.quotes import new_text, unflowed
from shared.errors import PayloadInvalid
from tests.channels.cases import HERE
from tests.unit.shared.channels.email.accounts import HEAD, read

MAILS = [
    path.read_bytes().replace(b"\n", b"\r\n")
    for path in sorted((HERE / "email" / "mails").glob("*.eml"))
]
TOKENS = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x00", b"\xff\xfe", b"=?utf-8?B?////?=", b"<", b">"),
    *(b"; charset=utf-16", b'; boundary="', b"--b1", b"--b1--", b"Content-Type: message/rfc822"),
    *(b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 a\r\n", b"; filename*0*=a'b'%ff"),
    *(
        b"multipart/report; report-type=x",
        b"message/delivery-status",
        b"text/calendar; method=\xff",
    ),
    *(b"From: \xe4 <a@b>, ,;:", b"References: <\x00>", b"Message-ID: <>", b"=\r\n", b"%", b"''"),
    *(
        b"<div class=gmail_quote>",
        b"<!--",
        b"</blockquote>",
        b"&#x110000;",
        b"&#xD800;",
        b"<a href=",
    ),
]
quick = settings(
    deadline=None,
    max_examples=400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def items(content: bytes) -> list[Item]:
    """What is found, proven to fit into records."""
    found: list[Item] = []
    with suppress(PayloadInvalid):
        found = read(content)
    assert dump_items(found)
    return found


@quick
@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    items(content)


@quick
@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=12), max_size=25).map(b"".join))
def test_any_headers_and_body(content: bytes) -> None:
    items(HEAD + content)


@settings(quick, max_examples=1200)
@given(
    mail=st.sampled_from(MAILS),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 0.1)),
    put=st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=4).map(b"".join),
)
def test_any_change_to_a_mail(mail: bytes, cut: tuple[float, float], put: bytes) -> None:
    at = int(cut[0] * len(mail))
    changed = mail[:at] + put + mail[at + int(cut[1] * len(mail)) :]
    once, again = items(changed), items(changed)
    assert once == again
    assert len(once) <= 1
    assert all(isinstance(i, Skipped) or i.recipient == "support@shop.example" for i in once)
    assert all(i.dedupe and all(i.thread) for i in once if isinstance(i, Incoming))


@quick
@given(st.text(st.sampled_from("ab >\n-_:*OnwrteFSm,\u0430\uff1a"), max_size=300))
def test_quotes_never_swallow_everything(text: str) -> None:
    new = new_text(text)
    assert bool(new) == bool(text.strip())
    assert new in text


@quick
@given(st.text(max_size=200), st.booleans())
def test_unflowing_keeps_every_word_character(text: str, delsp: bool) -> None:
    def letters(value: str) -> str:
        return "".join(character for character in value if character.isalnum())

    assert letters(unflowed(text, delsp=delsp)) == letters(text)


@quick
@given(st.lists(st.sampled_from([t.decode("latin-1") for t in TOKENS]) | st.text(max_size=9)))
def test_any_html(pieces: list[str]) -> None:
    whole, new = html_to_text("".join(pieces))
    assert bool(whole) == bool(new)
