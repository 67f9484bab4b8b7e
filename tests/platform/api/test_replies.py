"""Write to a customer: what goes out, what is refused beforehand, and what an agent is told."""

from datetime import timedelta
from typing import Any

import pytest

from shared.events import routing as was
from shared.events.inbound import Mail, Sender
from shared.events.outbound import CallControl, MailThread, Template
from tests.router.desk import SHOP, office
from tests.router.owner import NOW, NOW_MS, said
from tests.router.replying import REPLIES, begin, refused, sent
from tests.router.scenes import hold, opened, queued

CALL = "CA" + "0" * 32


async def test_a_reply_goes_out_on_the_customers_channel(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await here.desk.post(REPLIES, "ana", {"text": "Hello Nadia"}, key="one")
        (message,) = await sent(here)
    assert got.status == 202
    assert message.id == got.body["message"]
    assert (message.channel, message.account, message.to) == ("whatsapp", "wa", "address-k1")
    assert (message.kind, message.author, message.human) == ("reply", "ana", True)
    assert (message.text, message.conversation_id) == ("Hello Nadia", "cnv_1")
    assert message.window_expires_at == NOW + timedelta(hours=24)
    assert message.language == "en"


async def test_a_reply_is_seen_at_once_in_the_timeline(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        timeline = await here.desk.call("GET", "/v1/conversations/cnv_1/timeline", "ana")
    (entry,) = [one for one in timeline.body["entries"] if one["type"] == "message"]
    assert (entry["id"], entry["text"], entry["author"]) == (got.body["message"], "Hello", "ana")
    assert entry["delivery"]["state"] == "queued"


async def test_a_closed_conversation_takes_no_reply(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.owner.decide(was.Closed("cnv_1", "ana", NOW_MS))
        await here.shown()
        got = await refused(here)
        shown = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert (got.status, got.body["code"]) == (410, "gone")
    assert got.body["detail"] == "This conversation has ended."
    assert (shown.body["reply"]["allowed"], shown.body["reply"]["reason"]) == (
        False,
        "This conversation has ended.",
    )


@pytest.mark.parametrize("agent", ["ben", "sue"])
async def test_only_the_holder_replies(empty_redis: str, agent: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await refused(here, agent)
    assert (got.status, got.body["code"]) == (403, "forbidden")
    assert got.body["detail"] == "ana holds this conversation."


async def test_what_nobody_holds_takes_no_reply(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await here.owner.decide(opened(), queued())
        await here.shown()
        got = await refused(here)
    assert (got.status, got.body["code"]) == (409, "not_assigned")


@pytest.mark.parametrize(
    ("channel", "account", "hours", "status"),
    [
        ("whatsapp", "wa", 23.9, 202),
        ("whatsapp", "wa", 24, 409),
        ("messenger", "fb", 24, 202),
        ("messenger", "fb", 167.9, 202),
        ("messenger", "fb", 168, 409),
        ("messenger", "fb-strict", 24, 409),
    ],
    ids=["inside", "outside", "a person may", "for seven days", "no longer", "without permission"],
)
async def test_the_reply_window(
    empty_redis: str, channel: str, account: str, hours: float, status: int
) -> None:
    async with office(empty_redis) as here:
        event = said(SHOP, "k1", 1, occurred_at=NOW - timedelta(hours=hours))
        await begin(here, channel, account, event)
        shown = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
        got = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
    assert got.status == status
    assert shown.body["reply"]["allowed"]
    assert shown.body["reply"]["free_text"] == (status == 202)
    assert shown.body["reply"]["free_text_until"] is not None


async def test_outside_the_window_an_agent_is_told_which_templates_go(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        event = said(SHOP, "k1", 1, occurred_at=NOW - timedelta(hours=25))
        await begin(here, "whatsapp", "wa", event)
        shown = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
        text = await refused(here)
        body = {"template": {"name": "late", "values": {"order": "7"}}}
        got = await here.desk.post(REPLIES, "ana", body, key="two")
        (message,) = await sent(here)
    assert (text.status, text.body["code"]) == (409, "window_closed")
    assert text.body["detail"] == "The time for a free answer ended at 2026-03-04T11:00:00Z."
    assert shown.body["reply"]["templates"] == [{"name": "late", "languages": ["de", "en"]}]
    assert got.status == 202
    assert message.text == "Order 7 is late."
    assert message.template == Template(name="order_late", language="en", parameters={"order": "7"})


@pytest.mark.parametrize(
    ("template", "code", "pointer"),
    [
        ({"name": "nothing"}, "invalid", "/template/name"),
        ({"name": "internal"}, "not_carried", "/template/name"),
        ({"name": "late"}, "invalid", "/template/values"),
        ({"name": "late", "language": "fr"}, "invalid", "/template/language"),
    ],
    ids=["unknown", "not approved here", "without its values", "not in that language"],
)
async def test_a_template_that_does_not_fit_is_refused(
    empty_redis: str, template: dict[str, Any], code: str, pointer: str
) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await refused(here, body={"template": template})
    assert (got.body["code"], got.body["errors"][0]["pointer"]) == (code, pointer)


async def test_a_template_is_in_the_customers_language(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        event = said(SHOP, "k1", 1, sender=Sender(address="address-k1", language="de-AT"))
        await begin(here, "whatsapp", "wa", event)
        body = {"template": {"name": "late", "values": {"order": "7"}}}
        await here.desk.post(REPLIES, "ana", body, key="one")
        (message,) = await sent(here)
    assert message.text == "Bestellung 7 verspätet sich."
    assert message.template == Template(name="order_late", language="de", parameters={"order": "7"})


async def test_a_mail_is_answered_in_its_thread(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        mail = Mail(message_id="<2@x>", references=("<1@x>",), subject="Where is it?")
        sender = Sender(address="nadia@customer.example")
        await begin(here, "email", "mail", said(SHOP, "k1", 1, mail=mail, sender=sender))
        automatic = Mail(message_id="<3@x>", subject="Out of office", automatic=True)
        away = said(SHOP, "k1", 2, mail=automatic, sender=sender, automatic=True)
        await here.owner.receive(away.model_copy(update={"channel": "email"}))
        await here.shown()
        await here.desk.post(REPLIES, "ana", {"text": "On its way."}, key="one")
        (message,) = await sent(here)
    assert message.to == "nadia@customer.example"
    assert message.mail == MailThread(
        subject="Where is it?", in_reply_to="<2@x>", references=("<1@x>",)
    )
    assert message.window_expires_at is None


async def test_a_text_for_a_live_call_is_spoken(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        event = said(SHOP, "k1", 1, kind="call")
        await begin(here, "phone", "line", event, call=CALL, call_state="bridged")
        got = await here.desk.post(REPLIES, "ana", {"text": "One moment."}, key="one")
        shown = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
        (message,) = await sent(here)
    assert got.status == 202
    assert shown.body["reply"]["spoken"]
    assert message.kind == "call"
    assert message.call == CallControl(action="say", call_id=CALL)


async def test_a_voicemail_is_not_answered_in_writing(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        event = said(SHOP, "k1", 1, kind="call")
        state = {"call": "CA1", "call_state": "ended", "callback": "true"}
        await begin(here, "phone", "line", event, **state)
        got = await refused(here)
    assert (got.status, got.body["code"]) == (409, "no_live_call")


async def test_a_file_goes_out_by_its_address(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        file = {"kind": "image", "url": "https://files.example/a.png", "name": "a.png"}
        got = await here.desk.post(REPLIES, "ana", {"attachments": [file]}, key="one")
        (message,) = await sent(here)
    assert got.status == 202
    assert message.attachments[0].provider_ref == "https://files.example/a.png"


async def test_an_account_that_is_gone_takes_no_reply(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await begin(here, "whatsapp", "wa-old", said(SHOP, "k1", 1))
        got = await refused(here)
    assert (got.status, got.body["code"]) == (409, "conflict")
