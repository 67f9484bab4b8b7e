"""Random durations with a given mean, one stream of numbers each."""

import math
from collections.abc import Callable
from random import Random

from patchbay.simulate.scenario import Shape

Draw = Callable[[], float]
"""The next duration, in the unit its mean was given in."""


def draws(shape: Shape, mean: float, stream: str) -> Draw:
    """Durations from the stream of that name; the same name gives the same numbers."""
    random = Random(stream)  # noqa: S311 - simulated, and to be repeated
    match shape.distribution:
        case "exponential":
            return lambda: random.expovariate(1.0 / mean)
        case "deterministic":
            return lambda: mean
        case "erlang":
            return lambda: random.gammavariate(shape.stages, mean / shape.stages)
        case "uniform":
            return lambda: 2.0 * mean * random.random()
        case "lognormal":
            sigma = math.sqrt(math.log1p(shape.variation**2))
            return lambda: random.lognormvariate(math.log(mean) - sigma**2 / 2, sigma)
