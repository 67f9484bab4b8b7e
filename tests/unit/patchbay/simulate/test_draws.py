"""Durations have the mean they are given, and their own spread."""

from statistics import fmean, pstdev

import pytest

from patchbay.simulate.draws import draws
from patchbay.simulate.scenario import Shape


@pytest.mark.parametrize(
    ("shape", "variation"),
    [
        (Shape(), 1.0),
        (Shape(distribution="deterministic"), 0.0),
        (Shape(distribution="erlang", stages=4), 0.5),
        (Shape(distribution="lognormal", variation=0.7), 0.7),
        (Shape(distribution="uniform"), 3**-0.5),
    ],
    ids=lambda value: getattr(value, "distribution", None),
)
def test_mean_and_variation(shape: Shape, variation: float) -> None:
    draw = draws(shape, 5.0, "stream")

    found = [draw() for _ in range(40_000)]

    assert fmean(found) == pytest.approx(5, rel=0.03)
    assert pstdev(found) / 5 == pytest.approx(variation, abs=0.03)


def test_a_stream_has_a_name() -> None:
    first, again, other = (draws(Shape(), 1.0, name) for name in ("a", "a", "b"))

    assert [first() for _ in range(3)] == [again() for _ in range(3)]
    assert first() != other()
