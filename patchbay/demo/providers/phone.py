"""A telephone network with people on it: Twilio's side of calls, without any I/O.

Whoever owns an `Exchange` sends the requests it asks for (`Due`) and gives back the replies; REST
calls of ours go to `rest`. What people experienced is in `heard`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from patchbay.demo.providers.phone_wire import Line, Verb, read_twiml, retries, webhook
from shared.channels import HttpReply, HttpRequest

Wish = Literal["agent", "voicemail", "callback", "hangup"]
What = Literal["told", "connected", "voicemail", "alert", "failed"]


@dataclass(frozen=True, slots=True)
class Due:
    """A request to send `after` so many seconds; the reply goes to `replied` or `failed`."""

    call: str
    url: str
    form: Mapping[str, str]
    request: HttpRequest
    after: float = 0.0
    attempt: int = 0
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody experienced: `customer` was told a text, connected to `agent`, alerted, …"""

    what: What
    call: str
    customer: str
    text: str = ""
    agent: str = ""


@dataclass(slots=True)
class Call:
    """A call and the person on our customers' side of it."""

    sid: str
    customer: str
    wish: Wish = "agent"
    says: str = ""
    outbound: bool = False
    agent: str = ""
    status: str = "in-progress"
    queue_action: str = ""
    wait_url: str = ""
    waited: float = 0.0
    rounds: int = 0
    status_callback: str = ""
    parent: str = ""
    sequence: int = 0
    waiting_on: int = 0


@dataclass
class Exchange:
    """The network of one account.

    `keys` are the menu's digits by wish; a customer who has something to `say` says it where speech
    is listened for. `agents_answer` is whether agents pick up, `answers` which alerted customers
    press 1. `talk_seconds` is how long people speak, `round_seconds` how long one round of music is.
    """

    line: Line
    keys: Mapping[str, str]
    talk_seconds: float = 2.0
    round_seconds: float = 1.0
    patience_rounds: int = 2
    agents_answer: bool = True
    customers_answer: bool = True
    answers: frozenset[str] = frozenset()
    calls: dict[str, Call] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def incoming(self, customer: str, wish: Wish, says: str = "", country: str = "DE") -> list[Due]:
        """Somebody calls our number."""
        call = self._new(customer, wish=wish, says=says)
        call.status_callback = f"{self.line.webhook}/status"
        return [self._due(call, self.line.webhook, {"FromCountry": country})]

    def replied(self, due: Due, reply: HttpReply) -> list[Due]:
        """The listener answered: a document is carried out, an error counts as failed."""
        call = self.calls[due.call]
        if not 200 <= reply.status < 300:
            return self.failed(due)
        if not due.speaks or due.call not in self.calls or call.status != "in-progress":
            return []
        if due.form.get("turn", "") or due.attempt < 0:
            return []
        return self.run(call, read_twiml(reply.body), holding=due.url == call.wait_url)
