"""Intervals that can be worked out by hand, and how often they are right."""

import random

import pytest

from patchbay.simulate.intervals import half_width, ratio, share


def test_a_ratio_of_sums() -> None:
    found = ratio([1.0, 3.0] * 10, [2.0, 4.0] * 10)

    assert found.value == pytest.approx(40 / 60)
    assert found.half_width is not None
    assert 0 < found.half_width < 0.1


def test_nothing_counted_has_no_value() -> None:
    assert ratio([0.0] * 20, [0.0] * 20).value is None


def test_what_never_happened_may_still_happen() -> None:
    found = share([0.0] * 20, [50.0] * 20)

    assert found.value == 0
    assert found.half_width == pytest.approx(0.005284, abs=1e-5)


def test_neighbours_that_are_alike_widen_the_interval() -> None:
    alternating, in_two_blocks = [1.0, -1.0] * 10, [1.0] * 10 + [-1.0] * 10

    assert half_width(in_two_blocks) == pytest.approx(3 * half_width(alternating), rel=0.01)


def test_99_of_100_intervals_hold_the_truth() -> None:
    draw = random.Random(5)

    held = 0
    for _ in range(2000):
        values = [draw.expovariate(1.0) for _ in range(20 * 30)]
        sums = [sum(values[i * 30 : (i + 1) * 30]) for i in range(20)]
        found = ratio(sums, [30.0] * 20)
        assert found.value is not None
        assert found.half_width is not None
        held += abs(found.value - 1) <= found.half_width

    assert held >= 0.985 * 2000
