"""Greedy against the optimum."""

import pytest

from tests.prove.assignment import GREEDY, OPTIMUM, calibrated, regrets


def test_what_measures_is_right() -> None:
    optimum, one_by_one = calibrated(60)

    assert pytest.approx(1.63498, abs=1e-5) == OPTIMUM
    assert pytest.approx(5.18738, abs=1e-5) == GREEDY
    for found, exact in ((optimum, OPTIMUM), (one_by_one, GREEDY)):
        assert found.value is not None
        assert found.half_width is not None
        assert abs(found.value - exact) <= found.half_width


def test_the_engine_takes_the_best_who_is_left() -> None:
    for found in regrets(size=20, runs=5):
        assert found.engine == pytest.approx(found.one_by_one)
        assert 0 <= found.regret < 1
