"""Ten plants, ten products."""

import pytest

from tests.prove.long_chain import chain_at_best, exact, years


def test_what_is_known_exactly_is_what_was_found_elsewhere() -> None:
    own, everything = exact()

    assert own == pytest.approx(855.4, abs=0.1)
    assert everything == pytest.approx(955.2, abs=0.9)
    assert chain_at_best(300).value == pytest.approx(951.5, abs=2.5)


def test_every_draw_is_sold_as_it_must_be() -> None:
    assert all(year.is_right for year in years(3))
