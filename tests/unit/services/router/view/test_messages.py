"""What customers' actions and our messages make of contacts, items and timelines."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.view.digest import Memory
from services.router.view.messages import INBOUND_FOLD, OUTBOUND_FOLD
from services.router.view.sheet import Placed
from shared.events.inbound import Mail, Sender
from shared.events.outbound import Alert, OutboundMessage
from shared.views.documents import Contact, Item
from shared.views.keys import Keys
from tests.router.owner import NOW, NOW_MS, said
from tests.unit.services.router.view.folding import KEEP_MS, SHOP, fold

KEYS = Keys(SHOP)


def contact(*events: Any) -> Contact:
    memory = Memory()
    fold(memory, INBOUND_FOLD, [Placed(event, n, 0) for n, event in enumerate(events)])
    return Contact.model_validate_json(memory.documents[KEYS.contact("k1")])


def test_what_was_said_is_kept_for_a_while() -> None:
    memory = Memory()
    fold(memory, INBOUND_FOLD, [Placed(said(SHOP, "k1", 1), 0, 0)])
    key = KEYS.item("wa:wamid.k1.1")
    assert Item.model_validate_json(memory.documents[key]).action.text == "text 1"
    assert memory.ends[key] == NOW_MS + KEEP_MS


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({}, True),
        ({"kind": "postback"}, True),
        ({"kind": "call"}, True),
        ({"kind": "message", "opens_window": False}, False),
        ({"kind": "typing"}, False),
        ({"kind": "close"}, False),
        ({"kind": "edit"}, False),
        ({"kind": "consent"}, False),
    ],
    ids=[
        "message",
        "tap",
        "call",
        "not where the channel says so",
        "typing",
        "close",
        "edit",
        "no",
    ],
)
def test_which_actions_open_the_reply_window(changes: dict[str, Any], opens: bool) -> None:
    found = contact(said(SHOP, "k1", 1, **changes))
    assert (found.spoke_at == NOW_MS) == opens


def test_a_late_older_message_does_not_shorten_the_window() -> None:
    late = said(SHOP, "k1", 2, occurred_at=NOW - timedelta(hours=1))
    assert contact(said(SHOP, "k1", 1), late).spoke_at == NOW_MS


def test_the_last_sender_is_answered_and_what_he_left_out_is_remembered() -> None:
    first = said(SHOP, "k1", 1, sender=Sender(address="a", name="Nadia", language="de"))
    second = said(SHOP, "k1", 2, sender=Sender(address="b"))
    found = contact(first, second)
    assert (found.address, found.name, found.language) == ("b", "Nadia", "de")


def test_an_automatic_mail_is_not_answered_in_place_of_the_customers() -> None:
    mail = Mail(message_id="<1@x>", subject="Where?", references=("<0@x>",))
    away = Mail(message_id="<2@x>", subject="Away", automatic=True)
    found = contact(said(SHOP, "k1", 1, mail=mail), said(SHOP, "k1", 2, mail=away, automatic=True))
    assert found.mail is not None
    assert (found.mail.message_id, found.mail.references) == ("<1@x>", ["<0@x>"])


def message(**changes: Any) -> OutboundMessage:
    whole: dict[str, Any] = {
        "id": "msg_1",
        "workspace": SHOP,
        "channel": "whatsapp",
        "account": "wa",
        "conversation_key": "k1",
        "to": "a",
        "written_at": NOW,
        **changes,
    }
    return OutboundMessage.model_validate(whole)


def test_a_message_stands_in_the_timeline_of_its_conversation() -> None:
    memory = Memory()
    fold(memory, OUTBOUND_FOLD, [Placed(message(conversation_id="c1"), 0, 0)])
    assert list(memory.sets[KEYS.timeline("c1")].values()) == [NOW_MS]
    assert KEYS.alerted("k1") not in memory.documents


def test_an_alert_is_remembered_by_its_thread() -> None:
    memory = Memory()
    alert = message(kind="alert", alert=Alert(id="alr_1", rule="late"))
    fold(memory, OUTBOUND_FOLD, [Placed(alert, 0, 0)])
    assert memory.documents[KEYS.alerted("k1")] == '{"message":"msg_1"}'
    assert memory.sets == {}
