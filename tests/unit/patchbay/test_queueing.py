"""The formulas give the figures that are known of them."""

import math

import pytest

from patchbay.queueing import (
    Line,
    erlang_b,
    erlang_c,
    fewest,
    figures,
    priority_waits,
)


@pytest.mark.parametrize(
    ("servers", "load", "share"),
    [
        (10, 8, 0.409180),
        (90, 84, 0.411957),
        (100, 90, 0.216940),
        (100, 95, 0.506457),
        (1000, 950, 0.068253),
    ],
)
def test_erlang_c(servers: int, load: float, share: float) -> None:
    found = figures(Line(servers, load, 1.0))

    assert erlang_c(servers, load) == pytest.approx(share, abs=5e-7)
    assert found.p_wait == pytest.approx(share, abs=5e-7)
    assert found.mean_wait == pytest.approx(share / (servers - load), rel=1e-5)
    assert found.occupancy == pytest.approx(load / servers)
    assert (found.p_block, found.p_abandon) == (0, 0)


def test_waits_in_an_erlang_c_line_are_exponential() -> None:
    found = figures(Line(10, 8.0, 1.0))

    assert found.mean_wait == pytest.approx(0.204590, abs=5e-7)
    assert 1 - found.answered_within(0.1) == pytest.approx(0.335008, abs=5e-7)
    assert found.answered_within(0) == pytest.approx(1 - found.p_wait)
    assert found.answered_within(30) == pytest.approx(1)


@pytest.mark.parametrize(
    ("servers", "arrival", "patience", "p_wait", "p_abandon"),
    [
        (100, 100, 0.5, 0.596703, 0.033030),
        (100, 100, 1.0, 0.513299, 0.039861),
        (100, 100, 2.0, 0.429999, 0.046683),
        (100, 90, 1.0, 0.158221, 0.008332),
        (100, 110, 1.0, 0.841721, 0.099192),
        (50, 48, 2.0, 0.342309, 0.048022),
    ],
)
def test_erlang_a(
    servers: int, arrival: float, patience: float, p_wait: float, p_abandon: float
) -> None:
    found = figures(Line(servers, arrival, 1.0, patience))

    assert found.p_wait == pytest.approx(p_wait, abs=5e-7)
    assert found.p_abandon == pytest.approx(p_abandon, abs=5e-7)
    assert found.answered_within(5) == pytest.approx(1 - p_abandon, abs=1e-6)


@pytest.mark.parametrize(
    ("arrival", "p_block", "p_wait", "wait", "within"),
    [
        (1.375, 0.001981, 0.3003, 0.3209, 0.8011),
        (1.400, 0.003643, 0.3797, 0.4500, 0.7329),
        (1.425, 0.006330, 0.4662, 0.6113, 0.6534),
    ],
)
def test_places_are_limited(
    arrival: float, p_block: float, p_wait: float, wait: float, within: float
) -> None:
    found = figures(Line(90, 6 * arrival, 0.1, places=30))

    assert found.p_block == pytest.approx(p_block, abs=5e-7)
    assert found.p_wait == pytest.approx(p_wait, abs=5e-5)
    assert found.mean_wait == pytest.approx(wait, abs=5e-5)
    assert found.answered_within(0.5) == pytest.approx(within, abs=5e-5)


def test_without_places_it_is_erlang_b() -> None:
    found = figures(Line(10, 12.0, 1.0, places=0))

    assert found.p_block == pytest.approx(erlang_b(10, 12.0))
    assert found.p_wait == 0


def test_priorities() -> None:
    assert priority_waits(10, 1.0, [3, 5]) == pytest.approx([0.058454, 0.292272], abs=5e-7)


@pytest.mark.parametrize(("load", "servers"), [(10, 14), (50, 58), (100, 111), (500, 525)])
def test_square_root_staffing(load: float, servers: int) -> None:
    assert fewest(lambda number: erlang_c(number, load) <= 0.2) == servers


def test_no_number_is_enough() -> None:
    assert fewest(lambda number: False, most=100) is None


def test_a_queue_that_grows_for_ever_has_no_figures() -> None:
    with pytest.raises(ValueError, match="more arrives"):
        figures(Line(10, 10.0, 1.0))


def test_a_large_line_neither_overflows_nor_vanishes() -> None:
    found = figures(Line(5000, 4990.0, 1.0, 0.1))
    idle = figures(Line(2000, 10.0, 1.0))

    assert 0 < found.p_wait < 1
    assert math.isfinite(found.mean_wait)
    assert idle.p_wait == 0
    assert idle.occupancy == pytest.approx(0.005)
