"""How long we wait, and when we give up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.retries import Patience, backoff, deadline
from shared.events.outbound import OutboundMessage

WRITTEN = datetime(2026, 5, 12, 12, tzinfo=UTC)


def _latest(_low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("attempt", "named", "expected"),
    [(1, None, 1), (2, None, 2), (5, None, 16), (20, None, 300), (1, 30.0, 31), (3, 7200.0, 7204)],
)
def test_the_wait_doubles_and_keeps_what_the_provider_named(
    attempt: int, named: float | None, expected: float
) -> None:
    assert backoff(attempt, named, Patience(), _latest) == expected


@given(attempt=st.integers(1, 10_000), share=st.floats(0, 1), named=st.floats(0, 1e6) | st.none())
def test_a_wait_is_never_shorter_than_named_nor_longer_than_the_ceiling_more(
    attempt: int, share: float, named: float | None
) -> None:
    patience = Patience()

    found = backoff(attempt, named, patience, lambda low, high: low + share * (high - low))

    assert (named or 0) <= found <= (named or 0) + patience.longest


def _message(**changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {
        "id": "m",
        "workspace": "w",
        "channel": "c",
        "account": "a",
        "conversation_key": "k",
        "to": "t",
        "written_at": WRITTEN,
    }
    return OutboundMessage(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({}, 12),
        ({"send_before": WRITTEN + timedelta(hours=1)}, 1),
        ({"send_before": WRITTEN + timedelta(hours=100)}, 12),
        ({"not_before": WRITTEN + timedelta(hours=48)}, 60),
        ({"not_before": WRITTEN - timedelta(hours=48)}, 12),
        ({"kind": "call"}, 1 / 60),
    ],
)
def test_the_end_of_all_attempts(changes: dict[str, Any], hours: float) -> None:
    assert deadline(_message(**changes), Patience()) == WRITTEN + timedelta(hours=hours)
