"""The cheapest way to give everybody of a few something different: exact, for small numbers.

Costs are tuples, added and compared part by part. By successive shortest augmenting paths with
potentials (Kuhn 1955, Munkres 1957; in the form of Jonker and Volgenant 1987), in O(n * n * m).
"""

from collections.abc import Sequence
from operator import add, sub

Cost = tuple[int, ...]


def cheapest(costs: Sequence[Sequence[Cost]]) -> list[int]:
    """For each row its column, so that the sum of costs is the lowest. There are at least as many
    columns as rows, and all costs have the same number of parts.
    """
    if not costs:
        return []
    nothing: Cost = (0,) * len(costs[0][0])
    columns = len(costs[0])
    rows_at = [-1] * columns
    by_row, by_column = [nothing] * len(costs), [nothing] * columns
    for row in range(len(costs)):
        _augment(costs, row, rows_at, by_row, by_column)
    found = [-1] * len(costs)
    for column, row in enumerate(rows_at):
        if row >= 0:
            found[row] = column
    return found


def _augment(
    costs: Sequence[Sequence[Cost]],
    start: int,
    rows_at: list[int],
    by_row: list[Cost],
    by_column: list[Cost],
) -> None:
    """Take in one more row: by the shortest path to a free column."""
    columns = len(rows_at)
    best: list[Cost | None] = [None] * columns
    before = [-1] * columns
    done: list[int] = []
    row, at, column = start, (0,) * len(costs[0][0]), -1
    while True:
        for other in range(columns):
            if other not in done:
                way = _minus(_plus(at, costs[row][other]), _plus(by_row[row], by_column[other]))
                known = best[other]
                if known is None or way < known:
                    best[other], before[other] = way, column
        left = [(way, other) for other, way in enumerate(best) if way is not None]
        at, column = min(one for one in left if one[1] not in done)
        done.append(column)
        if rows_at[column] < 0:
            break
        row = rows_at[column]
    _move(start, at, done, best, rows_at, by_row, by_column)
    while column >= 0:
        rows_at[column] = start if before[column] < 0 else rows_at[before[column]]
        column = before[column]


def _move(
    start: int,
    length: Cost,
    done: list[int],
    best: list[Cost | None],
    rows_at: list[int],
    by_row: list[Cost],
    by_column: list[Cost],
) -> None:
    """Correct the potentials along what was looked at."""
    by_row[start] = _plus(by_row[start], length)
    for column in done[:-1]:
        way = best[column]
        assert way is not None
        slack = _minus(length, way)
        by_row[rows_at[column]] = _plus(by_row[rows_at[column]], slack)
        by_column[column] = _minus(by_column[column], slack)


def _plus(one: Cost, other: Cost) -> Cost:
    return tuple(map(add, one, other))


def _minus(one: Cost, other: Cost) -> Cost:
    return tuple(map(sub, one, other))
