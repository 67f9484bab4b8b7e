"""The loopback providers speak the channels' language, and object where the real ones would."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchbay.demo.providers import apple, messenger, whatsapp
from patchbay.demo.providers.messaging import Answer, Delivered
from patchbay.demo.providers.meta import App, verification
from shared.channels import HttpRequest, Incoming, Reported
from shared.channels.account import ResolvedSecret
from shared.channels.apple import Apple
from shared.channels.apple.settings import AppleSettings
from shared.channels.messenger import Messenger
from shared.channels.messenger.settings import MessengerSettings
from shared.channels.whatsapp import WhatsApp
from shared.channels.whatsapp.settings import WhatsAppSettings
from shared.events.outbound import OutboundMessage, Template

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
APPLE_SECRET = "aW52ZW50ZWQtYXBwbGUtc2VjcmV0LWtleS1uZXctMzI="

APP = App("invented-app-secret", "invented-token", "http://127.0.0.1:1/webhooks/x/main")
NUMBER = whatsapp.Number(APP, "900100200300")
PAGE = messenger.Page(APP, "1000200030")
BUSINESS = apple.Business(
    "msp", "business-1", APPLE_SECRET, "http://127.0.0.1:1/webhooks/apple/main"
)

META = {
    "app_secret": (ResolvedSecret("invented-app-secret"),),
    "access_token": ResolvedSecret("invented-token"),
    "verify_token": ResolvedSecret("invented-word"),
}
WHATSAPP = WhatsAppSettings(phone_number_id="900100200300", **META)
MESSENGER = MessengerSettings(page_id="1000200030", **META)
APPLE = AppleSettings(
    msp_id="msp", business_id="business-1", secret=(ResolvedSecret(APPLE_SECRET),)
)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A channel of ours, its account, and the provider's functions opposite."""

    channel: Any
    account: Any
    customer: str
    says: Callable[[str], HttpRequest]
    answer: Callable[..., Answer]
    stranger: Any


PAIRS = {
    "whatsapp": Pair(
        WhatsApp(),
        WHATSAPP,
        "15550100002",
        lambda text: whatsapp.messages(
            NUMBER, [whatsapp.Said("15550100002", text, "wamid.1", NOW)]
        ),
        lambda call, **more: whatsapp.answer(NUMBER, call, "wamid.out", **more),
        WHATSAPP.model_copy(update={"access_token": ResolvedSecret("another")}),
    ),
    "messenger": Pair(
        Messenger(),
        MESSENGER,
        "777000111",
        lambda text: messenger.messages(PAGE, [messenger.Said("777000111", text, "m_1", NOW)]),
        lambda call, **more: messenger.answer(PAGE, call, "m_out", **more),
        MESSENGER.model_copy(update={"access_token": ResolvedSecret("another")}),
    ),
    "apple": Pair(
        Apple(),
        APPLE,
        "urn:mbid:A",
        lambda text: apple.text_message(BUSINESS, "urn:mbid:A", text, "id-1", NOW, "orders"),
        lambda call, **more: apple.answer(BUSINESS, call, NOW, **more),
        APPLE.model_copy(update={"msp_id": "another"}),
    ),
}
EVERY = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())


def message(pair: Pair, **more: Any) -> OutboundMessage:
    return OutboundMessage(
        id="msg_1",
        workspace="shop",
        channel=pair.channel.name,
        account="main",
        conversation_key="k",
        to=pair.customer,
        written_at=NOW,
        **{"text": "Friday. 📦", **more},
    )


def call(pair: Pair, account: Any = None, **more: Any) -> HttpRequest:
    (request,) = pair.channel.compose(message(pair, **more), account or pair.account, NOW)
    assert isinstance(request, HttpRequest)
    return request


def taken(pair: Pair, **more: Any) -> Delivered:
    _, delivered = pair.answer(call(pair, **more))
    assert delivered is not None
    return delivered


@EVERY
def test_a_customer_s_words_arrive(pair: Pair) -> None:
    request = pair.says("Where is it? 📦")
    assert pair.channel.verify(request, pair.account, NOW) == 0
    (item,) = pair.channel.parse(request, pair.account, NOW)
    assert isinstance(item, Incoming)
    assert (item.action.text, item.action.sender.address) == ("Where is it? 📦", pair.customer)
    assert item.recipient == pair.account.address


@EVERY
def test_our_answer_reaches_the_customer(pair: Pair) -> None:
    reply, delivered = pair.answer(call(pair))
    assert pair.channel.confirm(reply).kind == "accepted"
    assert delivered is not None
    assert (delivered.customer, delivered.text) == (pair.customer, "Friday. 📦")


@EVERY
def test_a_file_reaches_the_customer(pair: Pair) -> None:
    picture = {"kind": "image", "provider_ref": "https://cdn.example/p.jpg"}
    assert taken(pair, text=None, attachments=[picture]).files == ("https://cdn.example/p.jpg",)


@EVERY
def test_a_stranger_is_refused(pair: Pair) -> None:
    reply, delivered = pair.answer(call(pair, pair.stranger))
    assert (pair.channel.confirm(reply).kind, delivered) == ("misconfigured", None)


@EVERY
def test_a_call_without_credentials_is_refused(pair: Pair) -> None:
    bare = dataclasses.replace(call(pair), headers={})
    reply, delivered = pair.answer(bare)
    assert (pair.channel.confirm(reply).kind, delivered) == ("misconfigured", None)


@EVERY
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff"])
def test_a_call_that_says_nothing_is_refused(pair: Pair, body: bytes) -> None:
    reply, delivered = pair.answer(dataclasses.replace(call(pair), body=body))
    assert (pair.channel.confirm(reply).kind, delivered) == ("rejected_content", None)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("whatsapp", {"to": ""}),
        ("whatsapp", {"text": "Hi"}),
        ("whatsapp", {"text": {"body": "x" * 4097}}),
        ("whatsapp", {"messaging_product": "sms"}),
        ("messenger", {"recipient": {}}),
        ("messenger", {"message": {"metadata": "msg_1:0"}}),
        ("messenger", {"messaging_type": "SPAM"}),
        ("messenger", {"message": {"text": "x" * 2001}}),
        ("apple", {"id": "another"}),
        ("apple", {"type": "close"}),
        ("apple", {"v": 2}),
    ],
)
def test_a_malformed_call_is_refused(name: str, wrong: dict[str, Any]) -> None:
    pair = PAIRS[name]
    good = call(pair)
    body = json.dumps({**json.loads(good.body), **wrong}).encode()
    reply, delivered = pair.answer(dataclasses.replace(good, body=body))
    assert (pair.channel.confirm(reply).kind, delivered) == ("rejected_content", None)


def test_apple_refuses_a_token_of_another_secret() -> None:
    pair = PAIRS["apple"]
    other = (ResolvedSecret("YW5vdGhlci1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyE="),)
    reply, delivered = pair.answer(call(pair, APPLE.model_copy(update={"secret": other})))
    assert (pair.channel.confirm(reply).kind, delivered) == ("misconfigured", None)


def test_messenger_may_report_a_delivery_nobody_has_read() -> None:
    request = messenger.receipts(PAGE, taken(PAIRS["messenger"]), NOW, read=False)
    items = Messenger().parse(request, MESSENGER, NOW)
    assert [item.status for item in items if isinstance(item, Reported)] == ["sent", "delivered"]


@pytest.mark.parametrize("name", ["whatsapp", "messenger"])
def test_outside_the_window_only_templates_pass(name: str) -> None:
    pair = PAIRS[name]
    reply, _ = pair.answer(call(pair), window_open=False)
    assert pair.channel.confirm(reply).kind == "window_closed"
    template = Template(name="delay", language="en", parameters={"1": "77", "2": "Friday"})
    _, delivered = pair.answer(call(pair, template=template), window_open=False)
    assert delivered is not None
    assert delivered.text == "delay 77 Friday"


def test_a_closed_conversation_is_not_found() -> None:
    pair = PAIRS["apple"]
    reply, _ = pair.answer(call(pair), conversation_open=False)
    assert pair.channel.confirm(reply).kind == "unreachable"


def test_a_repeated_apple_call_has_the_same_id() -> None:
    pair = PAIRS["apple"]
    assert taken(pair).provider_id == taken(pair).provider_id


@EVERY
def test_another_conversation_s_calls_are_not_ours(pair: Pair) -> None:
    elsewhere = dataclasses.replace(call(pair), url="https://elsewhere.example/v25.0/1/other")
    assert pair.channel.confirm(pair.answer(elsewhere)[0]).kind != "accepted"


def test_whatsapp_reports_what_became_of_a_message() -> None:
    delivered = taken(PAIRS["whatsapp"])
    later = NOW + timedelta(seconds=1)
    items = WhatsApp().parse(whatsapp.statuses(NUMBER, delivered, later), WHATSAPP, NOW)
    reports = [item for item in items if isinstance(item, Reported)]
    assert [report.status for report in reports] == ["sent", "delivered", "read"]
    assert {(report.message_id, report.part) for report in reports} == {("msg_1", 0)}
    assert {report.provider_id for report in reports} == {"wamid.out"}


def test_whatsapp_reports_a_late_failure() -> None:
    delivered = taken(PAIRS["whatsapp"])
    (item,) = WhatsApp().parse(whatsapp.failure(NUMBER, delivered, NOW, 131026), WHATSAPP, NOW)
    assert isinstance(item, Reported)
    assert (item.status, item.kind, item.code) == ("failed", "unreachable", "131026")


def test_messenger_echoes_and_reports_what_became_of_a_message() -> None:
    delivered = taken(PAIRS["messenger"])
    items = Messenger().parse(messenger.receipts(PAGE, delivered, NOW), MESSENGER, NOW)
    reports = [item for item in items if isinstance(item, Reported)]
    assert [report.status for report in reports] == ["sent", "delivered", "read"]
    assert (reports[0].message_id, reports[0].part) == ("msg_1", 0)
    assert {report.thread for report in reports} == {("777000111",)}


def test_a_batch_is_one_request() -> None:
    said = [whatsapp.Said(f"1555010{n:04}", f"text {n}", f"wamid.{n}", NOW) for n in range(50)]
    request = whatsapp.messages(NUMBER, said)
    assert WhatsApp().verify(request, WHATSAPP, NOW) == 0
    items = WhatsApp().parse(request, WHATSAPP, NOW)
    assert [item.dedupe for item in items if isinstance(item, Incoming)] == [one.id for one in said]


def test_typing_and_close_come_from_apple_too() -> None:
    kinds = []
    for kind in ("typing_start", "close"):
        request = apple.event(BUSINESS, "urn:mbid:A", kind, f"id-{kind}", NOW, {})
        (item,) = Apple().parse(request, APPLE, NOW)
        assert isinstance(item, Incoming)
        kinds.append(item.action.kind)
    assert kinds == ["typing", "close"]


def test_meta_verifies_our_address() -> None:
    request = verification(APP, "invented-word", "11 58&é")
    assert WhatsApp().handshake(request, WHATSAPP).body == "11 58&é".encode()
