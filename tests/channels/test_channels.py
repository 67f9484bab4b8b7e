"""Every channel is held to its case files, and all of them to the same rules."""

from typing import Any

import pytest

from shared.channels import (
    Handshakes,
    HttpReply,
    Incoming,
    MailRequest,
    Reconciles,
    Reported,
    SpeaksWait,
)
from shared.channels.account import AccountSettings
from shared.channels.fit import Unsendable
from shared.channels.registry import CHANNELS
from shared.errors import PayloadInvalid, SignatureInvalid
from shared.events.outbound import OutboundMessage
from tests.channels.cases import (
    FOLDERS,
    HERE,
    Case,
    cases,
    plain_item,
    plain_reply,
    plain_sent,
    secrets_of,
)


@pytest.mark.parametrize("case", cases("inbound"))
def test_parses_what_the_provider_sends(case: Case, update: bool) -> None:
    case.settle(_parsed(case), update=update)


@pytest.mark.parametrize("case", cases("inbound", having="acknowledged"))
def test_acknowledges(case: Case, update: bool) -> None:
    items = case.channel.parse(case.request, case.account, case.now)
    reply = case.channel.acknowledge(case.request, case.account, items)
    case.settle({"acknowledged": plain_reply(reply)}, update=update)


@pytest.mark.parametrize("case", cases("inbound", having="expected"))
def test_the_same_delivery_again_has_the_same_keys(case: Case) -> None:
    once = case.channel.parse(case.request, case.account, case.now)
    again = case.channel.parse(case.request, case.account, case.now)
    assert list(once) == list(again)
    keys = [item.dedupe for item in once if isinstance(item, Incoming | Reported)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("case", cases("outbound"))
def test_composes_what_the_provider_takes(case: Case, update: bool) -> None:
    case.settle(_composed(case), update=update)


@pytest.mark.parametrize("case", cases("outbound", having="expected"))
def test_composing_again_changes_nothing(case: Case) -> None:
    message = OutboundMessage.model_validate(case.data["message"])
    once = case.channel.compose(message, case.account, case.now)
    assert list(once) == list(case.channel.compose(message, case.account, case.now))


@pytest.mark.parametrize("case", cases("outbound", having="expected"))
def test_no_secret_stands_in_an_address_or_a_body(case: Case) -> None:
    message = OutboundMessage.model_validate(case.data["message"])
    sent = case.channel.compose(message, case.account, case.now)
    exposed = b"\n".join(
        request.content
        if isinstance(request, MailRequest)
        else request.url.encode() + b"\n" + request.body
        for request in sent
    )
    secrets = secrets_of(case.account)
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in exposed]


@pytest.mark.parametrize("case", cases("replies"))
def test_understands_the_provider_s_answer(case: Case, update: bool) -> None:
    outcome = plain_item(case.channel.confirm(case.reply))
    del outcome["item"]
    case.settle({"expected": outcome}, update=update)


@pytest.mark.parametrize("case", cases("signatures"))
def test_believes_only_the_provider(case: Case) -> None:
    assert _verified(case) == {
        key: case.data[key] for key in ("expected", "error") & case.data.keys()
    }


@pytest.mark.parametrize("case", cases("handshakes"))
def test_answers_the_provider_s_handshake(case: Case, update: bool) -> None:
    channel = case.channel
    assert isinstance(channel, Handshakes)
    reply = channel.handshake(case.request, case.account)
    case.settle({"expected": plain_reply(reply)}, update=update)


@pytest.mark.parametrize("case", cases("waiting"))
def test_tells_a_waiting_customer_where_he_stands(case: Case, update: bool) -> None:
    channel = case.channel
    assert isinstance(channel, SpeaksWait)
    thread = channel.waiting_thread(case.request, case.account)
    items = channel.parse(case.request, case.account, case.now)
    reply = channel.acknowledge_waiting(case.request, case.account, items, case.wait)
    actual = {"thread": thread and list(thread), "expected": plain_reply(reply)}
    case.settle(actual, update=update)


@pytest.mark.parametrize("case", cases("lookups"))
def test_looks_up_what_became_of_a_doubtful_send(case: Case, update: bool) -> None:
    channel = case.channel
    assert isinstance(channel, Reconciles)
    assert isinstance(case.reply, HttpReply)
    message = OutboundMessage.model_validate(case.data["message"])
    asked = channel.lookup(message, case.account, case.now)
    outcome = channel.found(message, case.reply)
    actual = {"asked": plain_sent(asked), "expected": outcome and plain_item(outcome)}
    case.settle(actual, update=update)


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_channel_has_cases(name: str, folder: str) -> None:
    assert list((HERE / name / folder).glob("*.json"))


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_channel_is_known_by_its_name(name: str) -> None:
    assert CHANNELS[name].name == name
    assert issubclass(CHANNELS[name].settings, AccountSettings)


def _parsed(case: Case) -> dict[str, Any]:
    try:
        items = case.channel.parse(case.request, case.account, case.now)
    except PayloadInvalid as error:
        return {"error": error.code, "detail": str(error)}
    return {"expected": [plain_item(item) for item in items]}


def _composed(case: Case) -> dict[str, Any]:
    message = OutboundMessage.model_validate(case.data["message"])
    try:
        sent = case.channel.compose(message, case.account, case.now)
    except Unsendable as error:
        return {"unsendable": {"kind": error.outcome.kind, "reason": error.outcome.reason}}
    return {"expected": [plain_sent(request) for request in sent]}


def _verified(case: Case) -> dict[str, Any]:
    try:
        return {"expected": case.channel.verify(case.request, case.account, case.now)}
    except SignatureInvalid as error:
        return {"error": error.code}
