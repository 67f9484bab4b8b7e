"""The channel: one of the three seams. A channel is pure translation, bytes and values only.

A channel lives in its own folder, is named in `shared.channels.registry`, and is held to the case
files under `tests/channels/<name>/`. Services do the I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from shared.channels.account import AccountSettings
from shared.events.inbound import Action
from shared.events.outbound import OutboundMessage, OutcomeKind, ReceiptStatus


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, received or to be sent. Header names are lower case; `url` is the public one."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A reply, to be given or received. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class MailRequest:
    """A mail to submit: the envelope and the message's bytes with CRLF line ends."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class MailReply:
    """The SMTP server's final answer (RFC 5321 code and text)."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A customer's action found in a request.

    `recipient` is our address at the provider (phone number id, page id, business id, mailbox);
    ingest finds the account by it. `dedupe` is the provider's key for this item. `thread` is what
    tells one conversation from another on that account, usually just the customer's address; or
    `conversation_key` is set, when the item carries a key of ours that was proven genuine.
    """

    recipient: str
    dedupe: str
    thread: tuple[str, ...]
    action: Action
    conversation_key: str | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A provider's report about a message we sent; becomes a `Receipt`.

    `part` is which of the message's provider calls it is about, where the provider echoes it; `leg`
    whose phone a failed call rang.
    `conversation_key` is set, as in `Incoming`, when the report carries a proven key of ours.
    """

    recipient: str
    dedupe: str
    thread: tuple[str, ...]
    status: ReceiptStatus
    occurred_at: datetime
    provider_id: str | None = None
    message_id: str | None = None
    watermark: datetime | None = None
    kind: OutcomeKind | None = None
    code: str | None = None
    reason: str | None = None
    part: int | None = None
    conversation_key: str | None = None
    leg: Literal["agent", "customer"] | None = None


@dataclass(frozen=True, slots=True)
class Unprocessed:
    """An item we keep but do not act on: `unknown_type`, or broken (`payload_invalid`).

    `account_notice` is the provider telling us about our account: somebody should read it.
    `type` names it for the metric and is cut to a closed set there. `raw` goes to dead-letters.
    """

    recipient: str | None
    reason: str
    type: str
    raw: bytes
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that is rightly nothing to us: our own echo, a standby copy, a delivery ping."""

    type: str


Item = Incoming | Reported | Unprocessed | Skipped


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider's answer means; the closed vocabulary of every channel.

    `after` is in seconds (retry, throttled); `code` is the provider's, `reason` is for the agent.
    """

    kind: OutcomeKind
    provider_id: str | None = None
    after: float | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel takes, as data.

    `text` is the longest text in characters, `window_hours` how long after a customer's last
    message free text may be sent (None: always), `human_window_hours` the same for a message a
    person wrote, `templates` whether approved templates go outside the window, `cold_start`
    whether we may write to a customer who never wrote. `idempotent` says that repeating a send
    with the same id cannot reach the customer twice. `per_second` is the account's send rate,
    `per_recipient_seconds` the sustained gap between two messages to one customer.
    `redelivers` is false where the provider does not repeat a webhook that failed; `compressed` is
    true where its bodies may carry a Content-Encoding, which the adapter undoes with a cap.
    """

    text: int
    attachments: frozenset[str] = frozenset()
    window_hours: float | None = None
    human_window_hours: float | None = None
    templates: bool = False
    cold_start: bool = True
    idempotent: bool = False
    receipts: bool = False
    per_second: float = 10.0
    per_recipient_seconds: float = 0.0
    burst_per_recipient: int = 1
    redelivers: bool = True
    body_bytes: int = 262_144
    compressed: bool = False


A_contra = TypeVar("A_contra", bound=AccountSettings, contravariant=True)


class Channel(Protocol[A_contra]):
    """What every channel does. All methods are pure; `now` and every secret come as arguments."""

    name: ClassVar[str]
    settings: ClassVar[type[AccountSettings]]
    limits: ClassVar[Limits]

    def verify(self, request: HttpRequest, account: A_contra, now: datetime) -> int:
        """Prove that the provider sent this, over the raw bytes, in constant time.

        Returns the index of the live secret that matched (0 newest). Raises SignatureInvalid.
        """
        ...

    def parse(self, request: HttpRequest, account: A_contra, now: datetime) -> Sequence[Item]:
        """Every item of the batch; a bad one becomes Unprocessed and never costs its batch.

        Raises PayloadInvalid when nothing in the body can be read.
        """
        ...

    def acknowledge(
        self, request: HttpRequest, account: A_contra, items: Sequence[Item]
    ) -> HttpReply:
        """The answer after everything has been published."""
        ...

    def compose(
        self, message: OutboundMessage, account: A_contra, now: datetime
    ) -> Sequence[HttpRequest | MailRequest]:
        """The provider calls this message needs, in order. Never truncates.

        Raises shared.channels.fit.Unsendable with an outcome when the channel cannot carry it.
        """
        ...

    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        """What the provider's answer to one of those calls means."""
        ...


@runtime_checkable
class Handshakes(Protocol):
    """The provider verifies our URL by a GET (Meta's hub.challenge)."""

    def handshake(self, request: HttpRequest, account: Any) -> HttpReply: ...


@dataclass(frozen=True, slots=True)
class WaitFacts:
    """How a waiting customer stands: 1 is next. Half of all in his place wait no longer than
    `seconds`, nine in ten no longer than `at_most`. None: not known."""

    position: int | None = None
    seconds: float | None = None
    at_most: float | None = None


@runtime_checkable
class SpeaksWait(Protocol):
    """Some acknowledgements tell a waiting customer where he stands (a caller hears it)."""

    def waiting_thread(self, request: HttpRequest, account: Any) -> tuple[str, ...] | None:
        """The thread of the customer this request waits for; None when nobody does."""
        ...

    def acknowledge_waiting(
        self, request: HttpRequest, account: Any, items: Sequence[Item], wait: WaitFacts | None
    ) -> HttpReply:
        """`acknowledge`, saying the facts there are; None when the view cannot be asked."""
        ...


@runtime_checkable
class Addresses(Protocol):
    """A customer's address has several spellings here (a phone number); all name one thread."""

    def thread(self, address: str) -> tuple[str, ...]:
        """`Incoming.thread` of whoever has this address, however a shop or a person wrote it."""
        ...


@runtime_checkable
class OneTime(Protocol):
    """The provider makes every request with a token of its own, and signs not the body but that."""

    def one_time(self, request: HttpRequest, account: Any) -> str | None:
        """The token of a verified request; None where it has none."""
        ...


@runtime_checkable
class Reconciles(Protocol):
    """An unknown outcome can be looked up by a call instead of waiting for a receipt."""

    def lookup(self, message: OutboundMessage, account: Any, now: datetime) -> HttpRequest: ...

    def found(self, message: OutboundMessage, reply: HttpReply) -> Outcome | None: ...
