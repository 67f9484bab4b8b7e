"""Whole calls: the simulated network on one side, our channel on the other, no sockets between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from patchbay.demo.providers import phone, phone_rest
from patchbay.demo.providers.phone_network import Due, Network
from patchbay.demo.providers.phone_wire import Line, read_twiml, retries
from shared.channels import HttpReply, HttpRequest, Incoming, Item, Reported, WaitFacts
from shared.channels.phone import Phone
from shared.channels.phone.settings import PhoneSettings
from shared.events.outbound import CallControl, OutboundMessage
from tests.unit.shared.channels.phone.accounts import SID, TOKEN, account

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
CUSTOMER = "+4915112345678"
WEBHOOK = "https://patchbay.example/webhooks/phone/hotline"
PHONE = Phone()


@dataclass
class Stage:
    """Delivers what is due, in order of time, and keeps what our channel told."""

    network: Network
    line: PhoneSettings
    items: list[Item] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)

    def add(self, dues: Sequence[Due]) -> None:
        self.due = sorted([*self.due, *dues], key=lambda due: due.after)

    def play(self, steps: int = 40) -> None:
        """The next so many webhooks, until nothing is due."""
        for _ in range(steps):
            if self.due:
                self._deliver(self.due.pop(0))

    def send(self, message: OutboundMessage) -> HttpReply:
        (request,) = PHONE.compose(message, self.line, NOW)
        assert isinstance(request, HttpRequest)
        reply, dues = phone_rest.answer(self.network, request)
        self.add(dues)
        return reply

    def states(self) -> list[str]:
        """How the call went, as the router sees it; each fact once."""
        told = {
            item.dedupe: item.action.call.state
            for item in self.items
            if isinstance(item, Incoming) and item.action.call is not None
        }
        return list(told.values())

    def receipts(self) -> list[str]:
        return list({i.dedupe: i.status for i in self.items if isinstance(i, Reported)}.values())

    def heard(self) -> list[str]:
        return [heard.what for heard in self.network.heard if heard.what != "told"]

    def _deliver(self, due: Due) -> None:
        if not phone.still_due(self.network, due):
            return
        assert PHONE.verify(due.request, self.line, NOW) == 0
        items = PHONE.parse(due.request, self.line, NOW)
        self.items += items
        reply = PHONE.acknowledge_waiting(due.request, self.line, items, WaitFacts(1, 30.0))
        self.add(phone.replied(self.network, due, reply))


def stage(**network: Any) -> Stage:
    keys = {"agent": "1", "voicemail": "3", "callback": "4"}
    line = Line(SID, TOKEN, "+15005550006", WEBHOOK)
    return Stage(Network(line, "test", keys, **network), account())


def message(call: CallControl | None, **changes: Any) -> OutboundMessage:
    plain = {
        "id": "msg_1",
        "workspace": "shop",
        "channel": "phone",
        "account": "hotline",
        "conversation_key": "k",
        "kind": "call",
        "to": CUSTOMER,
        "call": call,
        "written_at": NOW,
    }
    return OutboundMessage.model_validate({**plain, **changes})


def connect(at: Stage) -> CallControl:
    (call,) = at.network.calls
    return CallControl(action="connect", call_id=call, agent_endpoint="client:ada")


def test_a_caller_chooses_waits_and_speaks_to_an_agent() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    assert at.states() == ["started", "queued"]
    assert at.send(message(connect(at))).status == 200
    at.play()
    assert at.states() == ["started", "queued", "bridged", "ended"]
    assert at.receipts() == ["delivered"]
    assert at.heard() == ["connected", "ended"]


def test_who_says_what_he_wants_needs_no_keys() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent", says="where is my order"))
    at.play(3)
    (queued,) = [i for i in at.items if isinstance(i, Incoming) and i.action.text]
    assert queued.action.text == "where is my order"
    assert queued.action.hints["menu"] == "orders"


def test_an_agent_who_does_not_answer_leaves_the_caller_in_the_queue() -> None:
    at = stage(agents_answer=False)
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    at.send(message(connect(at)))
    at.play(4)
    at.network.agents_answer = True
    at.send(message(connect(at), id="msg_2"))
    at.play()
    assert at.states() == ["started", "queued", "queued", "bridged", "ended"]
    assert at.receipts() == ["failed", "delivered"]


def test_a_message_is_left() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "voicemail"))
    at.play()
    assert at.states() == ["started", "menu", "voicemail", "ended"]
    assert at.heard() == ["voicemail", "ended"]


def test_a_callback_is_asked_for_and_made() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "callback"))
    at.play()
    assert at.states() == ["started", "callback_requested", "ended"]
    dial = CallControl(action="dial", agent_endpoint="client:ada")
    assert at.send(message(dial)).status == 201
    at.play()
    assert at.states()[3:] == ["bridged", "ended"]
    assert at.receipts() == ["delivered"]
    assert at.heard() == ["ended", "connected", "ended"]


@pytest.mark.parametrize("nobody", ["agents_answer", "customers_answer"])
def test_a_callback_that_reaches_nobody_failed(nobody: str) -> None:
    at = stage(**{nobody: False})
    at.send(message(CallControl(action="dial", agent_endpoint="client:ada")))
    at.play()
    assert at.receipts() == ["failed"]
    assert at.states() == []


def test_a_caller_who_hangs_up_is_gone() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "hangup"))
    at.play()
    assert at.states() == ["started", "queued", "ended"]
    gone = at.send(message(connect(at)))
    assert PHONE.confirm(gone).kind == "unreachable"


def test_a_callback_asked_for_while_waiting() -> None:
    at = stage()
    at.network.keys = {"callback": "1", "callback-waiting": "1"}
    at.add(phone.incoming(at.network, CUSTOMER, "callback"))
    at.play()
    assert at.states() == ["started", "queued", "callback_requested", "ended"]


def test_an_alert_is_heard() -> None:
    at = stage()
    at.send(message(None, kind="alert", text="Your parcel is late."))
    at.play()
    assert at.receipts() == ["sent", "delivered"]
    assert [h.text for h in at.network.heard if h.what == "alert"] == ["Your parcel is late."]


def test_who_answers_an_alert_speaks_to_an_agent() -> None:
    at = stage(presses=frozenset({CUSTOMER}))
    at.send(message(None, id="msg_a", kind="alert", text="Your parcel is late."))
    at.play(6)
    assert at.states() == ["queued"]
    at.send(message(connect(at)))
    at.play()
    assert at.states() == ["queued", "bridged", "ended"]
    assert at.receipts() == ["sent", "read", "delivered", "delivered"]


def test_an_alert_nobody_takes_failed() -> None:
    at = stage(customers_answer=False)
    at.send(message(None, kind="alert", text="Your parcel is late."))
    at.play()
    assert at.receipts() == ["failed"]


def test_saying_something_keeps_the_caller_waiting() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    (call,) = at.network.calls
    at.send(message(CallControl(action="say", call_id=call), text="One moment more."))
    at.play(3)
    assert at.receipts() == ["delivered"]
    assert "One moment more." in [heard.text for heard in at.network.heard]
    assert at.network.calls[call].queue_action


def test_hanging_up_ends_the_call() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    (call,) = at.network.calls
    at.send(message(CallControl(action="hangup", call_id=call)))
    at.play()
    assert at.states() == ["started", "queued", "ended"]


def test_a_webhook_that_fails_is_repeated_and_then_the_call_is_over() -> None:
    at = stage()
    (due,) = phone.incoming(at.network, CUSTOMER, "agent")
    (again,) = phone.failed(at.network, due)
    assert again.request == due.request
    dues = phone.replied(at.network, again, HttpReply(503))
    assert at.heard() == ["failed", "ended"]
    assert [d.url for d in dues] == [f"{WEBHOOK}/status"]
    assert retries(f"{WEBHOOK}#rc=2&rp=ct,rt,5xx") == 2


def test_the_api_may_stand_below_a_path() -> None:
    at = stage()
    at.line = account(base_url="http://twilio.test/below/twilio")
    assert at.send(message(None, kind="alert", text="Late.")).status == 201


def test_a_doubtful_call_is_found_again() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    connecting = message(connect(at))
    dialling = message(CallControl(action="dial", agent_endpoint="client:ada"))
    alert = message(None, kind="alert", text="Late.")
    before = [_looked_up(at, doubtful) for doubtful in (connecting, dialling, alert)]
    for doubtful in (connecting, dialling, alert):
        at.send(doubtful)
    after = [_looked_up(at, doubtful) for doubtful in (connecting, dialling, alert)]
    assert before == ["retry", "retry", "retry"]
    assert after == ["accepted", "accepted", "accepted"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {}}, 401),
        ({"url": f"http://twilio.test/2010-04-01/Accounts/{SID}/Queues.json"}, 404),
        ({"url": f"http://twilio.test/2010-04-01/Accounts/{SID}/Calls/CA1.json"}, 404),
        ({"body": b"To=%2B4915112345678&From=%2B15005550006&Twiml=%3CResponse%3E"}, 400),
        ({"body": b"To=%2B4915112345678&From=%2B1999&Twiml=%3CResponse/%3E"}, 400),
    ],
)
def test_the_api_refuses_what_twilio_refuses(change: dict[str, Any], status: int) -> None:
    at = stage()
    (good,) = PHONE.compose(message(None, kind="alert", text="Late."), at.line, NOW)
    assert isinstance(good, HttpRequest)
    bad = HttpRequest(
        "POST",
        change.get("url", good.url),
        change.get("headers", good.headers),
        change.get("body", good.body),
    )
    reply, dues = phone_rest.answer(at.network, bad)
    assert (reply.status, dues) == (status, [])


@pytest.mark.parametrize("body", [b"", b"<Response>", b"<Other/>", b"x" * 70_000])
def test_what_is_no_twiml_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"XML|Response|64 KB"):
        read_twiml(body)


def _looked_up(at: Stage, doubtful: OutboundMessage) -> str | None:
    asked = PHONE.lookup(doubtful, at.line, NOW)
    reply, _ = phone_rest.answer(at.network, asked)
    outcome = PHONE.found(doubtful, reply)
    return outcome.kind if outcome else None


def ring() -> OutboundMessage:
    return message(CallControl(action="ring", dial="dia_1"))


def test_a_customer_who_is_called_first_waits_for_his_agent() -> None:
    at = stage()
    at.send(ring())
    at.play(5)
    assert at.states() == ["queued"]
    assert at.receipts() == ["delivered"]
    assert at.send(message(connect(at), id="msg_2")).status == 200
    at.play()
    assert at.states() == ["queued", "bridged", "ended"]


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ({"customers_answer": False}, "The customer did not answer."),
        ({"answered_by": "machine_start"}, "No person answered."),
    ],
    ids=["nobody", "a machine"],
)
def test_a_customer_who_is_called_first_may_not_be_there(
    network: dict[str, Any], reason: str
) -> None:
    at = stage(**network)
    at.send(ring())
    at.play()
    (failed,) = [i for i in at.items if isinstance(i, Reported) and i.status == "failed"]
    assert (failed.leg, failed.reason, failed.message_id) == ("customer", reason, "msg_1")
    assert "queued" not in at.states()


def test_three_meet_in_a_conference_that_ends_with_the_customer() -> None:
    at = stage()
    at.add(phone.incoming(at.network, CUSTOMER, "agent"))
    at.play(5)
    (live,) = at.network.calls
    moved = CallControl(action="conference", call_id=live, room="cnv_1")
    joins = [
        CallControl(action="join", agent_endpoint=f"client:{who}", room="cnv_1")
        for who in ("ada", "bob")
    ]
    answers = [at.send(message(moved, id="msg_2"))]
    answers += [at.send(message(one, id=f"msg_{one.agent_endpoint}")) for one in joins]
    at.play()
    assert [answer.status for answer in answers] == [200, 201, 201]
    assert at.heard() == ["joined", "joined", "joined", "ended"]
    assert at.states() == ["started", "queued", "ended"]
