"""A telephone network with people on it: its calls, and the webhooks they cause. No I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from patchbay.demo.providers.phone_wire import Line, webhook
from shared.channels import HttpRequest

Wish = Literal["agent", "voicemail", "callback", "hangup"]
What = Literal["told", "alert", "connected", "voicemail", "failed", "ended", "joined"]


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook to send `after` so many seconds; then call `phone.replied` or `phone.failed`."""

    call: str
    turn: int
    url: str
    request: HttpRequest
    after: float = 0.0
    attempt: int = 0
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """What a customer experienced on a call."""

    what: What
    call: str
    customer: str
    text: str = ""
    agent: str = ""


@dataclass(slots=True)
class Call:
    """A call. `turn` counts what replaced what was being carried out."""

    sid: str
    customer: str
    wish: Wish = "agent"
    says: str = ""
    agent: str = ""
    outbound: bool = False
    status: str = "in-progress"
    status_callback: str = ""
    queue_action: str = ""
    wait_url: str = ""
    waited: float = 0.0
    turn: int = 0
    sent: int = 0
    told: int = 0
    children: list[str] = field(default_factory=list)


@dataclass
class Network:
    """The calls of one account. The same `seed` gives the same call ids.

    `keys` are the digits customers press by what they want; who has something to say says it where
    speech is listened for. `impatience` is after how many seconds a customer who wants to hang up
    does. `presses` are the customers who press 1 when an alert offers it, `answered_by` is what
    Twilio finds where it listens for machines. What customers
    experienced is in `heard`.
    """

    line: Line
    seed: str
    keys: Mapping[str, str]
    talk_seconds: float = 2.0
    round_seconds: float = 1.0
    impatience: float = 2.0
    agents_answer: bool = True
    customers_answer: bool = True
    answered_by: str = "human"
    presses: frozenset[str] = frozenset()
    calls: dict[str, Call] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def new_call(self, customer: str, *, wish: Wish = "agent", says: str = "") -> Call:
        """A call with an id of its own."""
        call = Call(self._sid(), customer, wish, says)
        self.calls[call.sid] = call
        return call

    def new_leg(self, call: Call) -> str:
        """The id of one more leg of a call."""
        leg = self._sid()
        call.children.append(leg)
        return leg

    def due(
        self,
        call: Call,
        url: str,
        form: Mapping[str, str],
        *,
        after: float = 0.0,
        speaks: bool = True,
    ) -> Due:
        """A webhook about a call."""
        call.sent += 1
        request = webhook(self.line, url, {**self._form(call), **form}, f"{call.sid}-{call.sent}")
        return Due(call.sid, call.turn, url, request, after, speaks=speaks)

    def end(self, call: Call) -> list[Due]:
        """The line goes dead; who asked for it is told."""
        call.status = "completed"
        call.turn += 1
        self.note("ended", call)
        dues = self.leave_queue(call, "hangup")
        if call.status_callback:
            dues.append(self.due(call, call.status_callback, {"CallDuration": "7"}, speaks=False))
        return dues

    def leave_queue(self, call: Call, result: str) -> list[Due]:
        """Tell where he waited how his waiting ended; nobody listens to the answer."""
        action, call.queue_action, call.wait_url = call.queue_action, "", ""
        form = {"QueueResult": result, "QueueTime": str(int(call.waited))}
        return [self.due(call, action, form, speaks=False)] if action else []

    def note(self, what: What, call: Call, text: str = "", agent: str = "") -> None:
        """The customer experienced this."""
        self.heard.append(Heard(what, call.sid, call.customer, text, agent))

    def _sid(self) -> str:
        count = len(self.calls) + sum(len(call.children) for call in self.calls.values())
        return "CA" + hashlib.blake2b(f"{self.seed}:{count}".encode(), digest_size=16).hexdigest()

    def _form(self, call: Call) -> dict[str, str]:
        ours, theirs = self.line.number, call.agent or call.customer
        return {
            "AccountSid": self.line.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": call.status,
            "Direction": "outbound-api" if call.outbound else "inbound",
            "From": ours if call.outbound else theirs,
            "To": theirs if call.outbound else ours,
        }
