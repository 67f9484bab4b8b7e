"""The send ledger: what `deliveries` says about every message, folded per partition. Pure.

The log decides who may call: of several `Attempted` with one number the first in the partition
counts, whoever wrote it. So two processes that both believe they own a message never both send it.
See docs/decisions/0006-send-ledger.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.clock import milliseconds
from shared.events.outbound import Attempted, Outcome, OutcomeKind, Receipt, ReceiptStatus

Delivery = Attempted | Outcome | Receipt

_RANK: dict[ReceiptStatus, int] = {"sent": 1, "delivered": 2, "read": 3, "played": 3}


@dataclass(slots=True)
class Part:
    """One provider call of a message, at its latest attempt.

    `offset` is where the attempt that counts stands in `deliveries`, `at` its time in Unix
    milliseconds. `outcome` is None while nobody knows. `doubts` counts earlier attempts that may
    have reached the customer. `heard` is what a receipt said about it.
    """

    attempt: int = 0
    offset: int = -1
    at: int = 0
    outcome: OutcomeKind | None = None
    retry_at: datetime | None = None
    code: str | None = None
    provider_id: str | None = None
    doubts: int = 0
    heard: Literal["reached", "failed"] | None = None
    failure: OutcomeKind = "unreachable"

    @property
    def open(self) -> bool:
        """The attempt may or may not have reached the customer."""
        return self.attempt > 0 and self.outcome in (None, "unknown")


@dataclass(slots=True)
class Entry:
    """One message. `final` is its end; `status` the furthest a receipt has reported."""

    key: str
    account: str
    touched: int
    conversation: str | None = None
    parts: dict[int, Part] = field(default_factory=dict)
    final: OutcomeKind | None = None
    status: ReceiptStatus | None = None
    alert: str | None = None
    customer: str | None = None

    @property
    def settled(self) -> bool:
        """Nothing that may still come changes what we do."""
        return self.final is not None and self.final != "unknown" and self.alert is None


class Ledger:
    """One partition of `deliveries`, from the time `floor` (Unix milliseconds) on."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.position = 0
        self._entries: dict[str, Entry] = {}
        self._by_provider: dict[tuple[str, str], tuple[str, int]] = {}
        self._by_key: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, message_id: str) -> Entry | None:
        """What is known about a message."""
        return self._entries.get(message_id)

    def apply(self, offset: int, timestamp: int, event: Delivery) -> None:
        """Fold the next record; one that was folded before changes nothing."""
        if offset < self.position:
            return
        self.position = offset + 1
        if isinstance(event, Receipt):
            for _, entry, number in self.about(event):
                _hear(entry, entry.parts[number], event)
            return
        entry = self._entry(event, timestamp)
        if entry.settled:
            return
        part = entry.parts.setdefault(event.part, Part())
        if isinstance(event, Attempted):
            _attempt(part, offset, timestamp, event.attempt)
        else:
            self._outcome(entry, part, event)

    def about(self, receipt: Receipt) -> Iterator[tuple[str, Entry, int]]:
        """The messages and parts a receipt speaks of; none when we no longer hold it."""
        if receipt.watermark is not None:
            yield from self._up_to(receipt.conversation_key, receipt.watermark)
            return
        known = self._by_provider.get((receipt.account, receipt.provider_id or ""))
        message_id = known[0] if known else receipt.message_id
        entry = self._entries.get(message_id or "")
        if entry is None or message_id is None:
            return
        number = known[1] if known else receipt.part
        number = _open_part(entry) if number is None else number
        if number in entry.parts:
            yield message_id, entry, number

    def evict(self, before: int) -> None:
        """Forget what ended before that time; what is still open stays."""
        self.floor = max(self.floor, before)
        for message_id, entry in list(self._entries.items()):
            if entry.final is not None and entry.touched < before:
                del self._entries[message_id]
                self._unindex(message_id, entry)

    def _entry(self, event: Attempted | Outcome, timestamp: int) -> Entry:
        entry = self._entries.get(event.message_id)
        if entry is None:
            entry = Entry(event.conversation_key, event.account, timestamp, event.conversation_id)
            self._entries[event.message_id] = entry
            self._by_key.setdefault(entry.key, set()).add(event.message_id)
        entry.touched = max(entry.touched, timestamp)
        return entry

    def _outcome(self, entry: Entry, part: Part, event: Outcome) -> None:
        entry.alert = event.alert_id or entry.alert
        entry.customer = event.customer or entry.customer
        if event.provider_id is not None:
            part.provider_id = event.provider_id
            known = (event.account, event.provider_id)
            self._by_provider[known] = (event.message_id, event.part)
        if event.attempt < part.attempt and event.kind != "accepted":
            return  # an attempt that is over; only its success still means something
        part.attempt = max(part.attempt, event.attempt)
        if part.outcome != "accepted":
            part.outcome, part.retry_at, part.code = event.kind, event.retry_at, event.code
        if event.final and entry.final in (None, "unknown"):
            entry.final = event.kind
        if entry.settled:
            self._unindex(event.message_id, entry)
            entry.parts = {}

    def _up_to(self, key: str, watermark: datetime) -> Iterator[tuple[str, Entry, int]]:
        """What the provider took before the watermark. It proves nothing about a doubtful call."""
        limit = milliseconds(watermark)
        for message_id in self._by_key.get(key, ()):
            entry = self._entries[message_id]
            for number, part in entry.parts.items():
                if part.outcome == "accepted" and part.at <= limit:
                    yield message_id, entry, number

    def _unindex(self, message_id: str, entry: Entry) -> None:
        siblings = self._by_key.get(entry.key, set())
        siblings.discard(message_id)
        if not siblings:
            self._by_key.pop(entry.key, None)
        for part in entry.parts.values():
            if part.provider_id is not None:
                self._by_provider.pop((entry.account, part.provider_id), None)


def _attempt(part: Part, offset: int, timestamp: int, attempt: int) -> None:
    if attempt <= part.attempt:
        return  # somebody else's attempt of that number came first
    part.doubts += part.open
    part.attempt, part.offset, part.at = attempt, offset, timestamp
    part.heard = None if part.heard == "failed" else part.heard
    if part.outcome != "accepted":
        part.outcome, part.retry_at = None, None


def _hear(entry: Entry, part: Part, receipt: Receipt) -> None:
    if receipt.status == "failed":
        part.heard = part.heard or "failed"
        part.failure = receipt.kind or "unreachable"
        entry.status = entry.status or "failed"
        return
    part.heard = "reached"
    part.provider_id = part.provider_id or receipt.provider_id
    if _RANK[receipt.status] > _RANK.get(entry.status or "failed", 0):
        entry.status = receipt.status


def _open_part(entry: Entry) -> int:
    """The one call of the message whose outcome nobody knows, -1 when there is none."""
    return next((number for number, part in entry.parts.items() if part.open), -1)
