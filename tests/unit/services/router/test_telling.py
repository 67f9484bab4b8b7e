"""What customers are told by itself: texts, languages, reply windows, live calls."""

from typing import Any

import pytest

from services.router.telling import automatic
from shared.config.automatic import ENGLISH, GERMAN, Automatic
from shared.config.models import Workspace
from shared.events.outbound import CallControl
from shared.events.routing import Told
from shared.views.documents import Contact, Conversation, MailHead
from tests.router.shop import shop

AT = 1_795_000_000_000
HOUR = 3_600_000
CLOSED = {"opens_at": "1795503600000", "time_zone": "Europe/Berlin"}
WAIT = {"position": "3", "p50_ms": "61000", "p90_ms": "200000"}


def workspace(**changes: Any) -> Workspace:
    return shop().workspaces["shop"].model_copy(update={"languages": ("en", "de"), **changes})


def conversation(channel: str = "whatsapp", **attributes: str) -> Conversation:
    return Conversation(
        id="cnv_1",
        key="k1",
        channel=channel,
        account="wa",
        address="+49",
        customer="",
        attributes=attributes,
        opened_at=AT,
    )


@pytest.mark.parametrize(
    ("what", "parameters", "language", "expected"),
    [
        ("after_hours", CLOSED, "en", "on 2026-11-24 at 08:00."),
        ("after_hours", CLOSED, "de-AT", "am 2026-11-24 um 08:00 Uhr."),
        ("after_hours_closed", CLOSED, "en", "from 2026-11-24, 08:00."),
        ("after_hours", {}, "de", GERMAN.closed),
        ("max_wait", {}, "fr", ENGLISH.max_wait),
        ("max_wait", WAIT, "en", "wait no longer than 2 minutes, nine in ten no longer than 4."),
        ("expected_wait", WAIT, "de", "an Stelle 3. Die Hälfte"),
        ("expected_wait", {"position": "7"}, "en", "number 7 in line. How long it takes cannot"),
        ("max_wait_closed", {}, "de", GERMAN.max_wait_closed),
    ],
)  # fmt: skip
def test_the_text(what: Any, parameters: dict[str, str], language: str, expected: str) -> None:
    """In the customer's language if the shop speaks it, with what is known and nothing else."""
    event = Told("cnv_1", what, parameters, AT)

    found = automatic(event, conversation(language=language), None, ("shop", workspace()), "msg_1")

    assert found is not None
    assert expected in (found.text or "")
    assert "{" not in (found.text or "")
    assert (found.kind, found.id, found.workspace) == ("auto", "msg_1", "shop")


def test_the_shops_own_words_come_first() -> None:
    own = workspace(automatic={"de": Automatic(max_wait="Gleich!")})
    event = Told("cnv_1", "max_wait", {}, AT)

    found = automatic(event, conversation(language="de"), None, ("shop", own), "msg_1")

    assert found is not None
    assert (found.text, found.language) == ("Gleich!", "de")


@pytest.mark.parametrize(
    ("channel", "attributes", "spoke_at"),
    [
        ("whatsapp", {}, AT - 24 * HOUR),
        ("phone", {"call_state": "ended", "call": "CA1"}, None),
        ("phone", {"call_state": "voicemail", "call": "CA1"}, None),
    ],
    ids=["window over", "hung up", "voicemail"],
)
def test_nobody_is_there_to_be_told(
    channel: str, attributes: dict[str, str], spoke_at: int | None
) -> None:
    contact = Contact(address="+49", spoke_at=spoke_at)
    event = Told("cnv_1", "max_wait", {}, AT)
    found = conversation(channel, **attributes)

    assert automatic(event, found, contact, ("shop", workspace()), "msg_1") is None


@pytest.mark.parametrize(("what", "still"), [("max_wait", False), ("max_wait_closed", True)])
def test_who_was_answered_meanwhile_is_not_told_to_wait(what: Any, still: bool) -> None:
    event = Told("cnv_1", what, {}, AT)
    found = conversation().model_copy(update={"state": "closed"})

    message = automatic(event, found, None, ("shop", workspace()), "msg_1")

    assert (message is not None) is still


def test_a_mail_stays_in_its_thread_and_a_window_is_kept() -> None:
    mail = MailHead(message_id="<1@x>", subject="Where is it?", references=["<0@x>"])
    event = Told("cnv_1", "max_wait", {}, AT)

    answer = automatic(
        event,
        conversation("email"),
        Contact(address="a@b.example", mail=mail),
        ("shop", workspace()),
        "msg_1",
    )
    chat = automatic(
        event,
        conversation(),
        Contact(address="+49", spoke_at=AT - HOUR),
        ("shop", workspace()),
        "msg_1",
    )

    assert answer is not None
    assert answer.mail is not None
    assert (answer.mail.subject, answer.mail.in_reply_to, answer.to) == (
        "Where is it?",
        "<1@x>",
        "a@b.example",
    )
    assert chat is not None
    assert chat.window_expires_at is not None
    assert chat.window_expires_at.timestamp() * 1000 == AT + 23 * HOUR


@pytest.mark.parametrize(("what", "hangs_up"), [("callback_confirmed", True), ("max_wait", False)])
def test_a_caller_hears_it(what: Any, hangs_up: bool) -> None:
    """And goes on waiting, unless he need not."""
    event = Told("cnv_1", what, {"position": "2"}, AT)
    call = conversation("phone", call="CA1", call_state="queued")

    found = automatic(event, call, None, ("shop", workspace()), "msg_1")

    assert found is not None
    assert found.call == CallControl(action="say", call_id="CA1", hang_up=hangs_up)


def test_who_holds_the_line_hears_his_place_there() -> None:
    """Between two rounds of music, and not in the middle of one."""
    event = Told("cnv_1", "expected_wait", WAIT, AT)
    call = conversation("phone", call="CA1", call_state="queued")

    assert automatic(event, call, None, ("shop", workspace()), "msg_1") is None
