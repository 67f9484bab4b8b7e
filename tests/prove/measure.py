"""A value with its 99 % interval, with and without what its twin knows of the same chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchbay.simulate.intervals import Estimate, half_width, ratio


@dataclass(frozen=True, slots=True)
class Sample:
    """The batches of one figure: the sums it is the ratio of."""

    above: Sequence[float]
    below: Sequence[float]

    @property
    def value(self) -> float:
        """The ratio over all batches."""
        return sum(self.above) / sum(self.below)

    def off(self) -> list[float]:
        """How much each batch pulls it away."""
        mean = sum(self.below) / len(self.below)
        value = self.value
        return [(a - value * b) / mean for a, b in zip(self.above, self.below, strict=True)]


def plain(sample: Sample) -> Estimate:
    """As the simulation gives it."""
    return ratio(sample.above, sample.below)


def controlled(sample: Sample, twin: Sample, exact: float) -> Estimate:
    """Less what the twin's own difference from its exact value explains, by linear regression."""
    ours, theirs = sample.off(), twin.off()
    squares = sum(x * x for x in theirs)
    slope = sum(x * y for x, y in zip(ours, theirs, strict=True)) / squares if squares else 0.0
    left = [x - slope * y for x, y in zip(ours, theirs, strict=True)]
    return Estimate(sample.value - slope * (twin.value - exact), half_width(left))
