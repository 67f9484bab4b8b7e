"""Several lines that share their places: exact, because the chain is reversible.

Each line alone is a birth-and-death chain; cut to the states with at most so many there in all,
together they keep the product of their weights (Kelly: Reversibility and Stochastic Networks).
"""

import math
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class SharedPlaces:
    """`lines` of `servers` each; `arrival` and `service` are the rates of one of them.

    `most` may be there in all, at work or waiting.
    """

    lines: int
    servers: int
    arrival: float
    service: float
    most: int

    def figures(self, time: float) -> dict[str, float]:
        """The share turned away, and of the others the share that waits, the mean wait, and the
        share that is answered within the time. All lines are alike."""
        own = [self._weight(number) for number in range(self.most + 1)]
        others = [1.0, *[0.0] * self.most]
        for _ in range(self.lines - 1):
            others = _beside(others, own)
        every = _beside(others, own)
        whole, at_most = math.fsum(every), list(accumulate(others))
        admitted = 1 - every[-1] / whole
        finds = [own[n] * at_most[self.most - n - 1] / whole for n in range(self.most)]
        length = math.fsum(
            (n - self.servers) * own[n] * at_most[self.most - n]
            for n in range(self.servers, self.most + 1)
        )
        late = math.fsum(self._late(finds[self.servers :], time))
        return {
            "p_block": 1 - admitted,
            "p_wait": math.fsum(finds[self.servers :]) / admitted,
            "mean_wait": length / whole / (self.arrival * admitted),
            "within": 1 - late / admitted,
        }

    def _weight(self, there: int) -> float:
        load, servers = self.arrival / self.service, self.servers
        at_work = min(there, servers)
        return load**at_work / math.factorial(at_work) * (load / servers) ** (there - at_work)

    def _late(self, finds: list[float], time: float) -> list[float]:
        """Who finds n waiting waits for n + 1 ends: fewer of them happened by then."""
        mean = self.servers * self.service * time
        gone = [math.exp(-mean) * mean**n / math.factorial(n) for n in range(len(finds))]
        return [share * fewer for share, fewer in zip(finds, accumulate(gone), strict=True)]


def _beside(others: list[float], own: list[float]) -> list[float]:
    """The weights of so many there, once another line is beside the others."""
    return [math.fsum(own[k] * others[n - k] for k in range(n + 1)) for n in range(len(own))]
