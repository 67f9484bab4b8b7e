"""Greedy against the optimum: what it costs to give each contact its agent the moment it comes.

As many contacts come as agents are free, each wants a skill of its own, and everybody knows every
skill at some level. The engine gives each the best who is still free; the optimum knows all of them
before it gives away the first (scipy.optimize.linear_sum_assignment). What a pair costs is how many
levels the agent is below the highest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, stdev

import numpy as np
from scipy.optimize import linear_sum_assignment

from patchbay.simulate.desk import Desk
from patchbay.simulate.intervals import Estimate
from shared.rules import Rules

HIGHEST = 10
SIZE = 100
OPTIMUM = sum(1 / number**2 for number in range(1, SIZE + 1))
"""Of independent exponential costs with mean 1 (Parisi; Linusson and Waestlund, 2004)."""

GREEDY = sum(1 / number for number in range(1, SIZE + 1))
"""Of the same, one by one: the least of n, of n - 1, …"""

_NORMAL_99 = 2.575829

Costs = Sequence[Sequence[float]]
"""A line per contact, a column per agent."""


@dataclass(frozen=True, slots=True)
class Regret:
    """Mean costs of a contact, in levels: by the engine, one by one, and at best."""

    engine: float
    one_by_one: float
    optimum: float

    @property
    def regret(self) -> float:
        """How much of a level each contact would be better off on average."""
        return self.engine - self.optimum


def calibrated(runs: int, seed: int = 1) -> tuple[Estimate, Estimate]:
    """Optimum and one-by-one for independent exponential costs: what measures, measured."""
    random = Random(seed)
    found = []
    for _ in range(runs):
        costs = [[random.expovariate(1.0) for _ in range(SIZE)] for _ in range(SIZE)]
        found.append((optimum(costs), one_by_one(costs)))
    return _estimate([best for best, _ in found]), _estimate([each for _, each in found])


def regrets(size: int, runs: int, seed: int = 2) -> Iterator[Regret]:
    """Contacts and agents with levels by chance, from 1 to the highest."""
    random = Random(seed)
    for _ in range(runs):
        levels = [[random.randint(1, HIGHEST) for _ in range(size)] for _ in range(size)]
        costs = [[HIGHEST - level for level in row] for row in levels]
        yield Regret(engine_cost(levels) / size, one_by_one(costs) / size, optimum(costs) / size)


def optimum(costs: Costs) -> float:
    """The least total there is."""
    matrix = np.array(costs)
    contacts, agents = linear_sum_assignment(matrix)
    return float(matrix[contacts, agents].sum())


def one_by_one(costs: Costs) -> float:
    """Each contact takes the cheapest agent who is left."""
    left, whole = set(range(len(costs[0]))), 0.0
    for row in costs:
        agent = min(left, key=lambda column: (row[column], column))
        left.remove(agent)
        whole += row[agent]
    return whole


def engine_cost(levels: Sequence[Sequence[int]]) -> float:
    """The total when the engine gives each contact an agent as it comes."""
    agents = range(len(levels[0]))
    rules = Rules.model_validate(
        {
            "queues": {"all": {"pick": "best_fit", "offer": {"accept": "automatic"}}},
            "routes": [
                {
                    "name": f"r{n}",
                    "when": {"kind": [str(n)]},
                    "queue": "all",
                    "requires": {f"s{n}": 1},
                }
                for n in range(len(levels))
            ],
            "agents": {
                f"a{agent}": {
                    "queues": ["all"],
                    "skills": {f"s{n}": row[agent] for n, row in enumerate(levels)},
                }
                for agent in agents
            },
            "default_capacity": {"chat": 1},
        }
    )
    desk = Desk(rules, ["chat"] * len(levels))
    whole = 0.0
    for kind, row in enumerate(levels):
        _, ((_, agent),) = desk.arrive(kind, f"c{kind}", kind)
        whole += HIGHEST - row[int(agent.removeprefix("a"))]
    return whole


def _estimate(values: Sequence[float]) -> Estimate:
    return Estimate(fmean(values), _NORMAL_99 * stdev(values) / len(values) ** 0.5)
