"""The fold of `deliveries`: first attempt wins, receipts only move forward, doubt stays doubt."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.ledger import Delivery, Entry, Ledger
from services.notifier.retries import Patience
from services.notifier.steps import Done, Means, Send, Settle, Step, Wait, next_step
from shared.channels import Limits
from shared.clock import from_milliseconds, milliseconds
from shared.events.outbound import Attempted, OutboundMessage, Outcome, Receipt

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
AT = milliseconds(NOW)
_COMMON: dict[str, Any] = {
    "workspace": "w",
    "channel": "c",
    "account": "a",
    "conversation_key": "k",
}


def _attempted(attempt: int = 1, part: int = 0, message: str = "m") -> Attempted:
    return Attempted(**_COMMON, message_id=message, attempt=attempt, part=part)


def _outcome(kind: str, attempt: int = 1, part: int = 0, **more: Any) -> Outcome:
    values = {"message_id": "m", "final": False, **more}
    return Outcome(**_COMMON, **values, attempt=attempt, part=part, kind=kind)


def _receipt(status: str, **more: Any) -> Receipt:
    return Receipt(**_COMMON, id="r", status=status, occurred_at=NOW, **more)


def _folded(*events: Delivery) -> Ledger:
    ledger = Ledger(0)
    for offset, event in enumerate(events):
        ledger.apply(offset, AT, event)
    return ledger


def _entry(*events: Delivery) -> Entry:
    entry = _folded(*events).get("m")
    assert entry is not None
    return entry


def test_of_two_attempts_with_one_number_the_first_counts() -> None:
    entry = _entry(_attempted(), _attempted())

    assert (entry.parts[0].attempt, entry.parts[0].offset) == (1, 0)


def test_an_attempt_without_an_outcome_is_open_and_becomes_a_doubt() -> None:
    ledger = _folded(_attempted())
    entry = ledger.get("m")
    assert entry is not None
    was_open = entry.parts[0].open
    ledger.apply(1, AT, _attempted(2))

    assert was_open
    assert entry.parts[0].doubts == 1


def test_an_attempt_that_was_answered_is_no_doubt() -> None:
    entry = _entry(_attempted(), _outcome("retry"), _attempted(2))

    assert (entry.parts[0].doubts, entry.parts[0].outcome) == (0, None)


def test_a_late_outcome_of_an_earlier_attempt_changes_nothing_but_success_counts() -> None:
    late = _entry(_attempted(), _attempted(2), _outcome("retry", 1))
    success = _entry(_attempted(), _attempted(2), _outcome("accepted", 1))

    assert late.parts[0].outcome is None
    assert success.parts[0].outcome == "accepted"


def test_what_was_accepted_stays_accepted() -> None:
    entry = _entry(
        _attempted(),
        _outcome("accepted", final=True, alert_id="alr"),
        _outcome("retry", final=True),
        _attempted(2),
    )

    assert (entry.final, entry.parts[0].outcome) == ("accepted", "accepted")


def test_a_proof_corrects_what_was_given_up_as_unknown() -> None:
    entry = _entry(_attempted(), _outcome("unknown", final=True), _outcome("accepted", final=True))

    assert entry.final == "accepted"


def test_a_record_folded_before_changes_nothing() -> None:
    ledger = _folded(_attempted(), _outcome("accepted", final=True, alert_id="alr"))
    ledger.apply(0, AT, _attempted(5))
    entry = ledger.get("m")

    assert entry is not None
    assert entry.parts[0].attempt == 1


@pytest.mark.parametrize(
    ("statuses", "furthest"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "sent"], "delivered"),
        (["failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
    ],
)
def test_receipts_move_forward_only(statuses: list[str], furthest: str) -> None:
    sent = _outcome("accepted", final=True, provider_id="p", alert_id="alr")
    entry = _entry(_attempted(), sent, *[_receipt(s, provider_id="p") for s in statuses])

    assert entry.status == furthest


@pytest.mark.parametrize(
    "receipt",
    [
        _receipt("delivered", message_id="m"),
        _receipt("delivered", message_id="m", part=0),
        _receipt("delivered", message_id="m", provider_id="unknown to us"),
    ],
    ids=["our id", "our id and part", "our id and a provider's we have not heard of"],
)
def test_a_receipt_reaches_the_call_in_doubt(receipt: Receipt) -> None:
    assert _entry(_attempted(), receipt).parts[0].heard == "reached"


def test_a_receipt_of_the_first_part_says_nothing_about_the_second() -> None:
    entry = _entry(
        _attempted(),
        _outcome("accepted", provider_id="p"),
        _attempted(1, part=1),
        _receipt("delivered", message_id="m", provider_id="p"),
    )

    assert [entry.parts[n].heard for n in (0, 1)] == ["reached", None]


def test_a_watermark_proves_nothing_about_a_call_in_doubt() -> None:
    entry = _entry(_attempted(), _receipt("read", watermark=NOW))

    assert entry.parts[0].heard is None


def test_a_watermark_covers_what_was_taken_before_it() -> None:
    sent = _outcome("accepted", final=True, alert_id="alr")
    early = _entry(_attempted(), sent, _receipt("read", watermark=from_milliseconds(AT - 1)))
    late = _entry(_attempted(), sent, _receipt("read", watermark=NOW))

    assert (early.status, late.status) == (None, "read")


def test_a_failure_heard_about_one_attempt_is_forgotten_with_the_next() -> None:
    entry = _entry(_attempted(), _receipt("failed", message_id="m"), _attempted(2))

    assert entry.parts[0].heard is None


def test_what_ended_is_forgotten_in_time_and_what_is_open_is_not() -> None:
    ledger = _folded(
        _attempted(message="done"),
        _outcome("accepted", final=True, message_id="done", provider_id="p"),
        _attempted(message="open"),
    )
    ledger.evict(AT + 1)

    assert ledger.get("done") is None
    assert ledger.get("open") is not None
    assert list(ledger.about(_receipt("read", provider_id="p"))) == []
    assert len(ledger) == 1


class _World:
    """A provider, and processes that die at any step and come back knowing the log only."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.log: list[tuple[int, Delivery]] = []
        self.now = AT
        self.calls = 0
        self.reached = 0
        self.message = OutboundMessage(**_COMMON, id="m", to="t", written_at=NOW)

    def step(self) -> Step:
        ledger = Ledger(0)
        for offset, (at, event) in enumerate(self.log):
            ledger.apply(offset, at, event)
        return next_step(self.message, ledger.get("m"), self.means, from_milliseconds(self.now))

    def run(self, crash: str, answer: str) -> bool:
        """One step of one process: it may die before the attempt, before or after the call, or
        after the outcome. Returns whether the message is settled."""
        step = self.step()
        actions: dict[type, Any] = {
            Done: lambda: True,
            Wait: lambda: self._wait(step),
            Settle: lambda: self._settle(step),
            Send: lambda: self._send(step, crash, answer),
        }
        return bool(actions[type(step)]())

    def _wait(self, step: Any) -> None:
        self.now = max(self.now, milliseconds(step.until))

    def _settle(self, step: Any) -> None:
        self.append(_outcome(step.outcome.kind, step.attempt, final=step.final))

    def _send(self, step: Any, crash: str, answer: str) -> None:
        lives = ["before attempt", "before call", "after call", "never"].index(crash)
        called = lives > 1
        self.append(*[_attempted(step.attempt)] * (lives > 0))
        self.calls += called
        self.reached += called and answer in ("accepted", "unknown")
        final = answer in ("accepted", "unreachable")
        self.append(*[_outcome(answer, step.attempt, final=final)] * (lives > 2))
        self.now += 1000

    def append(self, *events: Delivery) -> None:
        self.log += [(self.now, event) for event in events]


_STAGES = st.sampled_from(["before attempt", "before call", "after call", "never"])
_ANSWERS = st.sampled_from(["accepted", "unknown", "retry", "throttled", "unreachable"])
_PATIENCE = Patience(resends=1)


@settings(max_examples=300)
@given(st.lists(st.tuples(_STAGES, _ANSWERS), min_size=1, max_size=12))
def test_whatever_dies_when_a_message_in_doubt_is_sent_once_more_at_most(
    happenings: list[tuple[str, str]],
) -> None:
    world = _World(Means(1, Limits(text=1, receipts=True), _PATIENCE))
    for crash, answer in happenings:
        world.run(crash, answer)

    assert world.reached <= 1 + _PATIENCE.resends


@settings(max_examples=300)
@given(st.lists(st.tuples(_STAGES, _ANSWERS), min_size=1, max_size=12))
def test_without_any_way_to_tell_a_message_is_never_sent_twice(
    happenings: list[tuple[str, str]],
) -> None:
    world = _World(Means(1, Limits(text=1), _PATIENCE))
    for crash, answer in happenings:
        world.run(crash, answer)

    assert world.reached <= 1


@settings(max_examples=300)
@given(
    st.lists(st.tuples(_STAGES, _ANSWERS), max_size=8),
    st.sampled_from(
        [Limits(text=1), Limits(text=1, receipts=True), Limits(text=1, idempotent=True)]
    ),
)
def test_once_accepted_in_the_log_it_is_never_called_again(
    happenings: list[tuple[str, str]], limits: Limits
) -> None:
    world = _World(Means(1, limits, _PATIENCE))
    for crash, answer in happenings:
        world.run(crash, answer)
    world.append(_outcome("accepted", 99, final=True))
    calls = world.calls
    for crash, answer in happenings:
        world.run(crash, answer)

    assert world.calls == calls


@settings(max_examples=200)
@given(st.lists(st.tuples(_STAGES, _ANSWERS), max_size=12))
def test_every_message_comes_to_an_end(happenings: list[tuple[str, str]]) -> None:
    world = _World(Means(1, Limits(text=1, receipts=True), _PATIENCE))
    for crash, answer in happenings:
        world.run(crash, answer)
    ended = [world.run("never", "accepted") for _ in range(8)]

    assert ended[-1]
