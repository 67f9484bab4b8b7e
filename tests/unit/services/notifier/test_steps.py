"""What to do next about a message, whatever the ledger says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifier.ledger import Entry, Part
from services.notifier.retries import Patience
from services.notifier.steps import Ask, Done, Means, Send, Settle, Step, Wait, next_step
from shared.channels import Limits
from shared.clock import milliseconds
from shared.events.outbound import OutboundMessage

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
PATIENCE = Patience(attempts=5, age=3600, doubt=60, resends=1)
PLAIN = Means(1, Limits(text=1), PATIENCE)
RECEIPTS = Means(1, Limits(text=1, receipts=True), PATIENCE)
IDEMPOTENT = Means(1, Limits(text=1, idempotent=True, receipts=True), PATIENCE)
ASKS = Means(1, Limits(text=1, receipts=True), PATIENCE, asks=True)
ASKED = Means(1, Limits(text=1, receipts=True), PATIENCE, asks=True, asked=True)
UNHEARD = Means(1, Limits(text=1), Patience(doubt=60, unheard=frozenset({"c"})))
TWO = Means(2, Limits(text=1, receipts=True), PATIENCE)


def _message(**changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {
        "id": "m",
        "workspace": "w",
        "channel": "c",
        "account": "a",
        "conversation_key": "k",
        "to": "t",
        "written_at": NOW - timedelta(minutes=10),
    }
    return OutboundMessage(**{**values, **changes})


def _part(seconds_ago: float = 0, **values: Any) -> Part:
    at = milliseconds(NOW - timedelta(seconds=seconds_ago))
    return Part(**{"attempt": 1, "at": at, **values})


def _entry(*parts: Part, **values: Any) -> Entry:
    return Entry("k", "a", 0, parts=dict(enumerate(parts)), **values)


def _in(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def _said(step: Step) -> Any:
    readers: dict[type, Any] = {
        Done: lambda _: "done",
        Wait: lambda s: ("wait", (s.until - NOW).total_seconds()),
        Send: lambda s: ("send", s.part, s.attempt, s.doubtful),
        Ask: lambda s: ("ask", s.part, s.attempt),
        Settle: lambda s: ("settle", s.part, s.outcome.kind, s.final, s.how),
    }
    return readers[type(step)](step)


CASES: dict[str, tuple[OutboundMessage, Entry | None, Means, Any]] = {
    "a new message is sent": (_message(), None, PLAIN, ("send", 0, 1, False)),
    "what is final is done": (_message(), _entry(final="accepted"), PLAIN, "done"),
    "not before its time": (_message(not_before=_in(60)), None, PLAIN, ("wait", 60)),
    "too late to begin": (
        _message(send_before=NOW), None, PLAIN, ("settle", 0, "retry", True, None),
    ),
    "a retry waits for its time": (
        _message(), _entry(_part(outcome="retry", retry_at=_in(7))), PLAIN, ("wait", 7),
    ),
    "a retry whose time has come": (
        _message(), _entry(_part(outcome="retry", retry_at=NOW)), PLAIN, ("send", 0, 2, False),
    ),
    "a retry that would come too late ends in time": (
        _message(send_before=_in(3)),
        _entry(_part(outcome="retry", retry_at=_in(7))), PLAIN, ("wait", 3),
    ),
    "throttled until the end stays throttled": (
        _message(send_before=NOW), _entry(_part(outcome="throttled")), PLAIN,
        ("settle", 0, "throttled", True, None),
    ),
    "too many attempts": (
        _message(), _entry(_part(attempt=5, outcome="retry")), PLAIN,
        ("settle", 0, "retry", True, None),
    ),
    "the second part after the first": (
        _message(), _entry(_part(outcome="accepted")), TWO, ("send", 1, 1, False),
    ),
    "all parts accepted and nobody said final": (
        _message(), _entry(_part(outcome="accepted"), _part(outcome="accepted")), TWO,
        ("settle", 1, "accepted", True, None),
    ),
    "in doubt where receipts come: wait": (
        _message(), _entry(_part(20)), RECEIPTS, ("wait", 40),
    ),
    "in doubt and no receipt came: once more": (
        _message(), _entry(_part(60)), RECEIPTS, ("send", 0, 2, True),
    ),
    "in doubt a second time: tell the agent": (
        _message(), _entry(_part(60, attempt=2, doubts=1)), RECEIPTS,
        ("settle", 0, "unknown", True, "surfaced"),
    ),
    "a timeout recorded as unknown is the same doubt": (
        _message(), _entry(_part(20, outcome="unknown")), RECEIPTS, ("wait", 40),
    ),
    "in doubt where nothing can tell: tell the agent": (
        _message(), _entry(_part(0)), PLAIN, ("settle", 0, "unknown", True, "surfaced"),
    ),
    "in doubt where nothing can tell, but the shop would rather send twice: wait": (
        _message(), _entry(_part(20)), UNHEARD, ("wait", 40),
    ),
    "in doubt where nothing can tell, but the shop would rather send twice": (
        _message(), _entry(_part(60)), UNHEARD, ("send", 0, 2, True),
    ),
    "in doubt where repeating is harmless: repeat": (
        _message(), _entry(_part(0)), IDEMPOTENT, ("send", 0, 2, True),
    ),
    "repeating keeps its backoff": (
        _message(), _entry(_part(0, outcome="unknown", retry_at=_in(5))), IDEMPOTENT, ("wait", 5),
    ),
    "repeating ends in time": (
        _message(send_before=NOW), _entry(_part(0)), IDEMPOTENT,
        ("settle", 0, "unknown", True, "surfaced"),
    ),
    "a receipt says it arrived": (
        _message(), _entry(_part(0, heard="reached")), RECEIPTS,
        ("settle", 0, "accepted", True, "receipt"),
    ),
    "a receipt of the first part is not the end": (
        _message(), _entry(_part(0, heard="reached")), TWO,
        ("settle", 0, "accepted", False, "receipt"),
    ),
    "a receipt says it failed": (
        _message(), _entry(_part(0, heard="failed", failure="unreachable")), RECEIPTS,
        ("settle", 0, "unreachable", True, "receipt"),
    ),
    "a receipt after a retry spares the next attempt": (
        _message(), _entry(_part(0, outcome="retry", retry_at=_in(9), heard="reached")), RECEIPTS,
        ("settle", 0, "accepted", True, "receipt"),
    ),
    "in doubt where one can ask: wait, then ask": (
        _message(), _entry(_part(20)), ASKS, ("wait", 40),
    ),
    "asking when a receipt would have come": (_message(), _entry(_part(60)), ASKS, ("ask", 0, 1)),
    "asked in vain: tell the agent, send nothing": (
        _message(), _entry(_part(60)), ASKED, ("settle", 0, "unknown", True, "surfaced"),
    ),
    "the provider did not have it: send": (
        _message(), _entry(_part(60, outcome="retry", retry_at=NOW)), ASKS, ("send", 0, 2, False),
    ),
    "too late after a doubt is unknown": (
        _message(send_before=NOW), _entry(_part(60, attempt=2, outcome="retry", doubts=1)),
        RECEIPTS, ("settle", 0, "unknown", True, "surfaced"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_next_step(name: str) -> None:
    message, entry, means, expected = CASES[name]

    assert _said(next_step(message, entry, means, NOW)) == expected
