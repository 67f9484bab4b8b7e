"""Places in a line without looking at those who stand in it."""

from bisect import bisect_left, insort

from hypothesis import given
from hypothesis import strategies as st

from services.router.engine.lines import Line, Ranks

RESOLUTION_MS = 256


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(-(10**12), 2 * 10**12) | st.integers(0, 5_000)),
        max_size=60,
    )
)
def test_a_place_is_known_to_a_quarter_of_a_second(steps: list[tuple[bool, int]]) -> None:
    """Whatever joins and leaves, over years or within seconds."""
    ranks, waiting = Ranks(), list[int]()
    for joins, due in steps:
        if joins or not waiting:
            ranks.add(due)
            insort(waiting, due)
        else:
            ranks.drop(waiting.pop(due % len(waiting)))
        assert ranks.size == len(waiting)
        for key in waiting:
            found = ranks.before(key)
            assert bisect_left(waiting, key - RESOLUTION_MS) <= found
            assert found <= bisect_left(waiting, key + RESOLUTION_MS)


def test_who_comes_last_stands_last() -> None:
    ranks = Ranks()
    for due in range(1000):
        ranks.add(due * 10)
        assert ranks.before(due * 10) == due


def test_a_higher_level_goes_first() -> None:
    line = Line()
    line.levels = {-1: Ranks(), 0: Ranks()}
    for due in (0, 1000, 2000):
        line.levels[-1].add(due)
        line.levels[0].add(due)

    assert [line.place(-1, due) for due in (0, 1000, 2000)] == [1, 2, 3]
    assert [line.place(0, due) for due in (0, 1000, 2000)] == [4, 5, 6]
