"""The judges of the end-to-end tests do find what they look for."""

from typing import Any

from shared.events import routing as was
from shared.events.routing import Decision
from tests.e2e.discretion import leaks, open_labels
from tests.e2e.record import History, broken_promises

ALLOWED = {"ana": {"whatsapp": 1}, "ben": {"whatsapp": 2}}


def opened(name: str) -> was.Opened:
    return was.Opened(name, f"k-{name}", "whatsapp", "wa", "a", "n", {}, 0)


def offered(name: str, agent: str) -> was.Offered:
    return was.Offered(name, f"o-{name}", agent, 0, 0)


def ended(name: str, agent: str, how: Any) -> was.OfferEnded:
    return was.OfferEnded(name, f"o-{name}", agent, how, 0)


def assigned(name: str, agent: str) -> was.Assigned:
    return was.Assigned(name, agent, 0)


def judged(*events: Any) -> list[str]:
    decision = Decision(
        epoch=1, seq=1, at=0, workspace="w", cause="c", inbound=0, commands=0, events=events
    )
    return broken_promises(History(decisions=[decision]), ALLOWED)


def test_an_orderly_day_breaks_nothing() -> None:
    assert not judged(
        opened("c1"), offered("c1", "ana"), ended("c1", "ana", "declined"),
        offered("c1", "ben"), ended("c1", "ben", "accepted"), assigned("c1", "ben"),
        was.Released("c1", "ben", 0, "transferred"), offered("c1", "ana"),
        ended("c1", "ana", "accepted"), assigned("c1", "ana"), was.Closed("c1", "ana", 0),
        opened("c2"), offered("c2", "ana"),
    )  # fmt: skip


def test_a_second_agent_is_found() -> None:
    assert judged(opened("c1"), offered("c1", "ana"), offered("c1", "ben"))
    assert judged(opened("c1"), offered("c1", "ana"), assigned("c1", "ben"))
    assert judged(opened("c1"), assigned("c1", "ana"))


def test_too_much_for_one_agent_is_found() -> None:
    assert judged(opened("c1"), offered("c1", "ana"), opened("c2"), offered("c2", "ana"))
    assert not judged(opened("c1"), offered("c1", "ben"), opened("c2"), offered("c2", "ben"))


def test_a_private_word_is_found() -> None:
    outputs = {"notifier": 'a line\n{"to": "4915"}\n', "view": "nothing"}
    assert leaks(outputs, {"4915", "(secret)"}) == ['notifier: {"to": "4915"}']
    assert leaks(outputs, {"4916"}) == []


def test_a_label_from_an_open_set_is_found() -> None:
    exposition = (
        "# TYPE patchbay_a counter\n"
        'patchbay_a_total{channel="whatsapp",result="published"} 1\n'
        'patchbay_a_total{channel="fax",result="published"} 1\n'
        'patchbay_a_total{channel="phone",result="msg_0a1b"} 1\n'
        'patchbay_a_total{channel="phone",result="ana"} 1\n'
        "# TYPE patchbay_b counter\n"
        'patchbay_b_total{operation="close",status="200"} 1\n'
        'patchbay_b_total{operation="/v1/me",status="4915"} 1\n'
        "# EOF\n"
    )
    assert {value for _, _, value in open_labels(exposition)} == {
        "fax", "msg_0a1b", "ana", "/v1/me", "4915",
    }  # fmt: skip
