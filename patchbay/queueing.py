"""Exact figures of queues: Erlang B, C and A, M/M/c/K, and priorities.

Pure. Rates are per unit of time, whatever the unit; times come out in the same. Sources: Erlang
(1917) for B and C; Palm (1943) and Garnett, Mandelbaum, Reiman (2002) for A; Cobham (1954) for
priorities. All are sums over the birth-and-death chain of the number of contacts that are there.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_NEGLIGIBLE = 1e-15
_MOST_WAITING = 2_000_000


def erlang_b(servers: int, load: float) -> float:
    """The share that finds all servers busy where nobody may wait. `load` is in Erlangs."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """The share that has to wait where everybody waits; 1 where there is too much to do."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


@dataclass(frozen=True, slots=True)
class Line:
    """One queue before so many servers; the oldest is served first.

    `arrival`, `service` and `patience` are rates (patience 0: nobody gives up). `places` is how
    many may wait; None: any number.
    """

    servers: int
    arrival: float
    service: float
    patience: float = 0.0
    places: int | None = None

    @property
    def stable(self) -> bool:
        """Does the queue find a length of its own?"""
        endless = self.places is None and not self.patience
        return not endless or self.arrival < self.servers * self.service


@dataclass(frozen=True, slots=True)
class Figures:
    """What a line comes to. Of those not turned away: `p_wait`, `mean_wait` (zero waits and
    abandoned ones included) and `answered_within`. `waiting` is the chance that an arrival that is
    not turned away finds everybody busy and 0, 1, … waiting.
    """

    line: Line
    p_block: float
    p_abandon: float
    p_wait: float
    mean_wait: float
    occupancy: float
    waiting: tuple[float, ...]

    def answered_within(self, time: float) -> float:
        """The share of those not turned away who are answered by then."""
        return 1 - self.p_wait + _answered(self.line, self.waiting, time)


def figures(line: Line) -> Figures:
    """The long-run figures. Raises ValueError for a line whose queue grows for ever."""
    if not line.stable:
        raise ValueError("more arrives than can be done, and nobody ever gives up")
    idle, queue = _chain(line)
    full = queue[-1] if line.places is not None else 0.0
    admitted = 1 - full
    length = math.fsum(number * share for number, share in enumerate(queue))
    waiting = queue if line.places is None else queue[:-1]
    busy = math.fsum(n * share for n, share in enumerate(idle)) + line.servers * math.fsum(queue)
    return Figures(
        line=line,
        p_block=full,
        p_abandon=line.patience * length / line.arrival,
        p_wait=math.fsum(waiting) / admitted,
        mean_wait=length / (line.arrival * admitted),
        occupancy=busy / line.servers,
        waiting=tuple(share / admitted for share in waiting),
    )


def priority_waits(servers: int, service: float, arrivals: Sequence[float]) -> list[float]:
    """The mean wait of each class, the most urgent first, where work once begun is finished.

    W_k = C / (c mu (1 - s_(k-1)) (1 - s_k)), s_k being the occupancy by the first k classes.
    """
    pace = servers * service
    wait = erlang_c(servers, sum(arrivals) / service) / pace
    found, before = [], 0.0
    for arrival in arrivals:
        until = before + arrival / pace
        found.append(wait / ((1 - before) * (1 - until)))
        before = until
    return found


def fewest(enough: Callable[[int], bool], least: int = 1, most: int = 1_000_000) -> int | None:
    """The least number from `least` on that is enough, if more never are too few."""
    if not enough(most):
        return None
    low, high = least, least
    while not enough(high):
        low, high = high + 1, min(2 * high, most)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _chain(line: Line) -> tuple[list[float], list[float]]:
    """The shares of time with 0 … c-1 there, and with c, c+1, … there.

    By logarithms, counted from c there, so that nothing overflows however large the line is.
    """
    load = line.arrival / line.service
    below = [0.0]
    for number in range(line.servers, 0, -1):
        below.append(below[-1] + math.log(number / load))
    highest = max(below)
    idle = [math.exp(log - highest) for log in reversed(below[1:])]
    queue = [share * math.exp(-highest) for share in (1.0, *_queue(line))]
    whole = math.fsum(idle) + math.fsum(queue)
    return [share / whole for share in idle], [share / whole for share in queue]


def _queue(line: Line) -> Iterator[float]:
    """How often 1, 2, … wait, compared with none while everybody is busy."""
    share, largest = 1.0, 1.0
    most = _MOST_WAITING if line.places is None else line.places
    for number in range(1, most + 1):
        share *= line.arrival / (line.servers * line.service + number * line.patience)
        largest = max(largest, share)
        if line.places is None and share < _NEGLIGIBLE * largest:
            return
        yield share


def _answered(line: Line, waiting: Sequence[float], time: float) -> float:
    """The share that waits and is answered by then.

    Whoever finds k waiting is next after k + 1 ends, at rate c mu + k theta first, and gives up at
    rate theta himself. By uniformisation (Jensen, 1953): a Poisson number of steps until the time.
    """
    pace = line.servers * line.service
    fastest = pace + len(waiting) * line.patience
    ahead, done, found = list(waiting), 0.0, 0.0
    mean = fastest * time
    for step in range(math.ceil(mean + 12 * math.sqrt(mean + 1) + 20)):
        log = step * math.log(mean) - mean - math.lgamma(step + 1) if mean else -math.inf
        found += (math.exp(log) if mean else float(not step)) * done
        done += ahead[0] * pace / fastest
        ahead = _step(line, ahead, pace, fastest)
    return found


def _step(line: Line, ahead: list[float], pace: float, fastest: float) -> list[float]:
    moved = []
    for number, share in enumerate(ahead):
        stays = 1 - (pace + (number + 1) * line.patience) / fastest
        comes = ahead[number + 1] if number + 1 < len(ahead) else 0.0
        moved.append(share * stays + comes * (pace + (number + 1) * line.patience) / fastest)
    return moved
