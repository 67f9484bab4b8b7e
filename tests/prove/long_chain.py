"""Ten plants, ten products: how much a little flexibility is worth (Jordan and Graves, 1995).

Each plant makes 100; demand for each product is normal, 100 on average with a deviation of 40, cut
at two deviations. A plant makes its own product, or that and the next one (the long chain), or all.
A plant is an agent with 100 hands, a product a skill: all demand waits, then one plant after the
other begins, each with its own product first. What is sold by nobody or by everybody making
everything is known exactly; what the chain could sell at most is a maximum flow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, stdev

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from scipy.stats import truncnorm

from patchbay.simulate.desk import Desk
from patchbay.simulate.intervals import Estimate
from shared.rules import Rules

SIZE, HANDS, SPREAD = 10, 100, 40
FOUND_ELSEWHERE = (951.5, 0.9)
"""What the long chain sells when it is planned at best: simulated elsewhere, with 95 % interval."""


@dataclass(frozen=True, slots=True)
class Year:
    """One draw of all demands: what the engine sells by each way of making things, and what the
    chain could sell."""

    demand: Sequence[int]
    own: int
    chain: int
    chain_at_best: int
    everything: int

    @property
    def is_right(self) -> bool:
        """Is what can be said exactly of one draw so, and the chain in between?"""
        own = sum(min(number, HANDS) for number in self.demand)
        everything = min(sum(self.demand), SIZE * HANDS)
        between = self.own <= self.chain <= self.chain_at_best <= self.everything
        return (self.own, self.everything) == (own, everything) and between


def demands(number: int, seed: int = 3) -> Iterator[list[int]]:
    """So many draws."""
    random = Random(seed)
    for _ in range(number):
        yield [_drawn(random) for _ in range(SIZE)]


def years(number: int) -> Iterator[Year]:
    """What becomes of so many draws."""
    for demand in demands(number):
        yield Year(
            demand=demand,
            own=sold(demand, products=1),
            chain=sold(demand, products=2),
            chain_at_best=at_best(demand, products=2),
            everything=sold(demand, products=SIZE),
        )


def chain_at_best(number: int) -> Estimate:
    """What the chain sells at best: the exact value of everything, less what it sells less."""
    less = [min(sum(d), SIZE * HANDS) - at_best(d, products=2) for d in demands(number)]
    half = 2.575829 * stdev(less) / number**0.5
    return Estimate(exact()[1] - fmean(less), half)


def exact() -> tuple[float, float]:
    """What is sold on average if each plant makes its own product, and if each makes everything."""
    numbers = np.arange(HANDS - 2 * SPREAD, HANDS + 2 * SPREAD + 1)
    edges = np.concatenate((numbers - 0.5, numbers[-1:] + 0.5)).clip(numbers[0], numbers[-1])
    chances = np.diff(truncnorm.cdf((edges - HANDS) / SPREAD, -2, 2))
    whole = np.array([1.0])
    for _ in range(SIZE):
        whole = np.convolve(whole, chances)
    total = np.arange(len(whole)) + SIZE * numbers[0]
    own = SIZE * float(np.minimum(numbers, HANDS) @ chances)
    return own, float(np.minimum(total, SIZE * HANDS) @ whole)


def sold(demand: Sequence[int], products: int) -> int:
    """By the engine, if each plant makes so many products."""
    desk = Desk(_rules(products), ["chat"] * SIZE, staffed=False)
    for product, number in enumerate(demand):
        for one in range(number):
            desk.arrive(product, f"{product}-{one}", 0)
    return sum(len(desk.sign_in(f"p{plant}", 1)) for plant in range(SIZE))


def at_best(demand: Sequence[int], products: int) -> int:
    """The most that can be sold: a maximum flow from demand to plants."""
    source, sink = 2 * SIZE, 2 * SIZE + 1
    matrix = np.zeros((sink + 1, sink + 1), dtype=np.int32)
    for plant in range(SIZE):
        matrix[source, plant] = demand[plant]
        matrix[SIZE + plant, sink] = HANDS
        for step in range(products):
            matrix[(plant + step) % SIZE, SIZE + plant] = HANDS
    return int(maximum_flow(csr_array(matrix), source, sink).flow_value)


def _drawn(random: Random) -> int:
    while abs(found := random.gauss(0, SPREAD)) > 2 * SPREAD:
        pass
    return round(HANDS + found)


def _rules(products: int) -> Rules:
    return Rules.model_validate(
        {
            "queues": {"all": {"pick": "best_fit", "offer": {"accept": "automatic"}}},
            "own_first": True,
            "routes": [
                {
                    "name": f"r{n}",
                    "when": {"kind": [str(n)]},
                    "queue": "all",
                    "requires": {f"s{n}": 1},
                }
                for n in range(SIZE)
            ],
            "agents": {
                f"p{plant}": {
                    "queues": ["all"],
                    "skills": {
                        f"s{(plant + step) % SIZE}": 2 - (step > 0) for step in range(products)
                    },
                    "capacity": {"chat": HANDS},
                }
                for plant in range(SIZE)
            },
        }
    )
