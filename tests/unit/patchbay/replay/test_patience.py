"""The product-limit estimate."""

import pytest

from patchbay.replay.patience import ENDLESS, Patience


def test_it_is_the_share_still_there_when_nothing_is_censored() -> None:
    found = Patience([(10, True), (20, True), (30, True), (40, True)])

    assert [found.survival(at) for at in (0, 10, 25, 40)] == [1, 0.75, 0.5, 0]


def test_who_was_answered_was_there_until_then() -> None:
    found = Patience([(10, True), (15, False), (20, True), (30, False)])

    assert found.survival(10) == 0.75
    assert found.survival(20) == pytest.approx(0.375)


@pytest.mark.parametrize(
    ("wait", "chance", "patience"),
    [(0, 0.0, 10), (0, 0.3, 20), (0, 0.99, ENDLESS), (10, 0.5, 20), (25, 0.1, ENDLESS)],
)
def test_a_patience_beyond_a_wait(wait: int, chance: float, patience: float) -> None:
    found = Patience([(10, True), (15, False), (20, True), (30, False)])

    assert found.beyond(wait, chance) == patience


def test_where_nobody_gave_up_everybody_waits_for_ever() -> None:
    assert Patience([(5, False)]).beyond(0, 0.5) == ENDLESS
