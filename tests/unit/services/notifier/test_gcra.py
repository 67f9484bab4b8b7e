"""Rate limits never let more through than they say, and nothing less than they could."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.gcra import Rate, per_second, spend, wait

_GAPS = st.lists(st.floats(0, 3), min_size=1, max_size=200)


def _admitted(rate: Rate, gaps: list[float]) -> list[float]:
    """When calls go through if somebody tries after each of these pauses."""
    now, tat, found = 100.0, 0.0, []
    for gap in gaps:
        now += gap
        allowed = wait(tat, now, rate) == 0.0
        found += [now] * allowed
        tat = spend(tat, now, rate) * allowed + tat * (not allowed)
    return found


def _most_within(moments: list[float], seconds: float) -> int:
    return max(
        (sum(start <= other < start + seconds for other in moments) for start in moments), default=0
    )


@given(
    interval=st.floats(0.01, 10),
    burst=st.integers(1, 50),
    gaps=_GAPS,
    window=st.floats(0.1, 20),
)
def test_no_window_ever_sees_more_than_the_limit(
    interval: float, burst: int, gaps: list[float], window: float
) -> None:
    admitted = _admitted(Rate(interval, burst), gaps)

    assert _most_within(admitted, window) <= burst - 1 + ceil(window / interval + 1e-6)


@given(limit=st.integers(1, 200), gaps=st.lists(st.floats(0, 0.05), min_size=1, max_size=400))
def test_no_second_sees_more_than_the_account_may_send(limit: int, gaps: list[float]) -> None:
    admitted = _admitted(per_second(limit), gaps)

    assert _most_within(admitted, 1.0 - 1e-9) <= limit


@given(interval=st.floats(0.01, 10), burst=st.integers(1, 50), gaps=_GAPS)
def test_whoever_waits_as_told_is_let_through(
    interval: float, burst: int, gaps: list[float]
) -> None:
    rate, now, tat = Rate(interval, burst), 0.0, 0.0
    for gap in gaps:
        now += gap
        now += wait(tat, now, rate)
        assert wait(tat, now, rate) <= 1e-9
        tat = spend(tat, now, rate)


@pytest.mark.parametrize(("limit", "burst"), [(1, 1), (10, 1), (80, 8), (1000, 100)])
def test_a_tenth_may_come_at_once(limit: float, burst: int) -> None:
    rate = per_second(limit)

    assert rate.burst == burst
    assert len(_admitted(rate, [0.0] * 200)) == pytest.approx(burst, abs=1)  # floats
    assert len(_admitted(rate, [1 / (limit * 10)] * int(limit * 10))) == pytest.approx(limit, abs=1)
