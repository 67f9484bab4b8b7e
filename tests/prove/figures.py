"""The figures of the tables, from the batches of the engine and of the twin."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tests.prove.measure import Sample


class Counted(Protocol):
    """What both count in a batch; waits in minutes."""

    within: list[int]
    offered: int
    blocked: int
    abandoned: int
    waited: int
    wait: float


_ABOVE: dict[str, Callable[[Counted], float]] = {
    "p_block": lambda batch: batch.blocked,
    "p_abandon": lambda batch: batch.abandoned,
    "p_wait": lambda batch: batch.waited,
    "mean_wait": lambda batch: batch.wait,
    "within": lambda batch: batch.within[0],
}
_OF_OFFERED = ("p_block", "p_abandon")


def sample(figure: str, batches: Sequence[Counted]) -> Sample:
    """The sums that a figure is the ratio of. `within` is the first time that is reported."""
    turned_away = 0 if figure in _OF_OFFERED else 1
    return Sample(
        [_ABOVE[figure](batch) for batch in batches],
        [batch.offered - turned_away * batch.blocked for batch in batches],
    )
