"""The exact assignment, against trying all of them and against scipy."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from services.router.engine.optimum import cheapest

COST = st.tuples(st.integers(-3, 3), st.integers(0, 5))


def _sum(costs: list[list[tuple[int, int]]], columns: tuple[int, ...]) -> tuple[int, ...]:
    chosen = [costs[row][column] for row, column in enumerate(columns)]
    return tuple(sum(part) for part in zip(*chosen, strict=True))


@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(rows, 5).flatmap(
            lambda columns: st.lists(
                st.lists(COST, min_size=columns, max_size=columns), min_size=rows, max_size=rows
            )
        )
    )
)
def test_nothing_is_cheaper(costs: list[list[tuple[int, int]]]) -> None:
    """Tuples are added and compared part by part, whatever the order of the rows."""
    found = tuple(cheapest(costs))
    every = permutations(range(len(costs[0])), len(costs))

    assert len(set(found)) == len(costs)
    assert _sum(costs, found) == min(_sum(costs, columns) for columns in every)


@given(st.lists(st.lists(st.integers(0, 1000), min_size=12, max_size=12), min_size=9, max_size=9))
def test_as_cheap_as_scipy_says(costs: list[list[int]]) -> None:
    """Also where trying all of them would take too long."""
    ours = sum(costs[row][column] for row, column in enumerate(cheapest(_tuples(costs))))
    rows, columns = linear_sum_assignment(costs)

    assert ours == sum(costs[row][column] for row, column in zip(rows, columns, strict=True))


def _tuples(costs: list[list[int]]) -> list[list[tuple[int, ...]]]:
    return [[(cost,) for cost in row] for row in costs]


def test_nobody_needs_nothing() -> None:
    assert cheapest([]) == []
