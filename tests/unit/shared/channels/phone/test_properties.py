"""Whatever a caller, an agent or the network says: one of our answers, never anything else."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels import HttpReply, HttpRequest, Item, MailReply, Outcome, WaitFacts
from shared.channels.fit import Unsendable
from shared.channels.phone import Phone
from shared.channels.phone.settings import Speech
from shared.channels.phone.twiml import MAX_BYTES, clean, document, verb
from shared.errors import PayloadInvalid
from shared.events.outbound import CallControl, OutboundMessage
from tests.unit.shared.channels.phone.accounts import CALL, SID, account

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
PHONE = Phone()
STEPS = (
    *("", "menu", "wait", "queue", "dial", "voicemail", "recording", "status", "leg", "agent"),
    *("callback", "alert", "fallback", "other/step"),
)
NAMES = (
    *("CallStatus", "Direction", "From", "To", "Digits", "SpeechResult", "Confidence"),
    *("QueueResult", "QueueTime", "DialCallStatus", "DialCallDuration", "RecordingSid"),
    *("RecordingUrl", "RecordingStatus", "ParentCallSid", "Timestamp", "SipResponseCode"),
    *("ErrorCode", "AnsweredBy", "CallDuration", "FromCountry", "CallerName", "StirVerstat"),
)
VALUES = st.text(max_size=30) | st.sampled_from(
    [
        *("completed", "busy", "in-progress", "no-answer", "leave", "hangup", "outbound-api"),
        *("1", "4", "9", "999999", "+15005550123", "anonymous", "nan", "inf", "1e400"),
        *("Thu, 01 Oct 0001 00:00:00 +2359", "Thu, 99 Foo 2026 00:00:00", "32017", "404"),
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """Webhooks of a call, as strange as they may be."""
    step = draw(st.sampled_from(STEPS))
    ours = draw(st.dictionaries(st.sampled_from(["n", "r", "lang", "menu", "m", "c"]), VALUES))
    form = draw(st.dictionaries(st.sampled_from(NAMES), VALUES))
    url = f"https://patchbay.example/webhooks/phone/hotline/{step}?{urlencode(ours)}"
    body = urlencode({"CallSid": CALL, "AccountSid": SID, **form}).encode()
    return HttpRequest("POST", url, {}, body)


@given(request=requests(), position=st.integers(-1, 10**6), seconds=st.floats())
def test_every_request_of_a_call_has_an_answer(
    request: HttpRequest, position: int, seconds: float
) -> None:
    line = account()
    items = PHONE.parse(request, line, NOW)
    reply = PHONE.acknowledge_waiting(request, line, items, WaitFacts(position, seconds, seconds))
    assert items
    assert reply.status in (200, 204)
    assert len(reply.body) <= MAX_BYTES
    assert ElementTree.fromstring(reply.body or b"<Response/>").tag == "Response"


@given(method=st.sampled_from(["GET", "POST"]), query=st.text(max_size=40), body=st.binary())
def test_noise_is_refused_as_such(method: str, query: str, body: bytes) -> None:
    request = HttpRequest(method, f"https://x/webhooks/phone/hotline?{query}", {}, body)
    assert isinstance(_parsed(request), PayloadInvalid)


@given(text=st.text())
def test_a_text_is_spoken_as_it_is_but_for_what_no_xml_can_hold(text: str) -> None:
    root = ElementTree.fromstring(document(verb("Say", text, language=text)))
    (said,) = root
    assert list(root.iter()) == [root, said]
    # XML reads a carriage return as a line feed (XML 1.0, 2.11), and in attributes as a space
    assert (said.text or "") == _as_read(clean(text))


@given(text=st.text(max_size=5000), to=st.text(max_size=20) | st.just("+15005550123"))
def test_an_alert_is_whole_or_refused(text: str, to: str) -> None:
    message = _message(kind="alert", text=text, to=to)
    composed = _composed(message)
    assert isinstance(composed, HttpRequest | Unsendable)


@given(
    action=st.sampled_from(["connect", "dial", "say", "hangup"]),
    call_id=st.none() | st.text(max_size=40) | st.just(CALL),
    endpoint=st.none() | st.text(max_size=40) | st.just("client:ada"),
)
def test_no_endpoint_and_no_call_id_breaks_out(
    action: Any, call_id: str | None, endpoint: str | None
) -> None:
    control = CallControl(action=action, call_id=call_id, agent_endpoint=endpoint)
    composed = _composed(_message(kind="call", text="hello", call=control))
    url = composed.url if isinstance(composed, HttpRequest) else "http://twilio.test/"
    root = f"http://twilio.test/2010-04-01/Accounts/{SID}/Calls"
    assert url in ("http://twilio.test/", f"{root}.json", f"{root}/{CALL}.json")


@given(status=st.integers(100, 599), body=st.binary(max_size=80))
def test_every_answer_of_the_api_means_something(status: int, body: bytes) -> None:
    assert isinstance(PHONE.confirm(HttpReply(status, {}, body)), Outcome)


def test_a_call_is_not_confirmed_by_mail() -> None:
    with pytest.raises(TypeError):
        PHONE.confirm(MailReply(250))


def test_the_longest_texts_there_may_be_fit_into_a_document() -> None:
    longest = "&" * 1500
    texts = {name: longest for name in Speech.model_fields if name not in ("locale", "voice")}
    line = account(languages={"en": texts}, music="https://x.example/" + "&" * 480)
    url = "https://patchbay.example/webhooks/phone/hotline"
    for step in STEPS:
        request = HttpRequest("POST", f"{url}/{step}?r=1", {}, _form(QueueTime="1"))
        reply = PHONE.acknowledge_waiting(request, line, (), WaitFacts(3, 900.0))
        assert len(reply.body) <= MAX_BYTES


def _form(**more: str) -> bytes:
    return urlencode({"CallSid": CALL, "AccountSid": SID, "From": "+15005550123", **more}).encode()


def _as_read(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parsed(request: HttpRequest) -> Sequence[Item] | PayloadInvalid:
    try:
        return PHONE.parse(request, account(), NOW)
    except PayloadInvalid as error:
        return error


def _composed(message: OutboundMessage) -> HttpRequest | Unsendable:
    try:
        (request,) = PHONE.compose(message, account(), NOW)
    except Unsendable as error:
        return error
    return request


def _message(**changes: Any) -> OutboundMessage:
    plain = {
        "id": "msg_1",
        "workspace": "shop",
        "channel": "phone",
        "account": "hotline",
        "conversation_key": "k",
        "to": "+15005550123",
        "written_at": NOW,
    }
    return OutboundMessage.model_validate({**plain, **changes})
