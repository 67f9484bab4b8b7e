"""Places that callers hand back: in the record, and in a timeline."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.api.cursor import Cursor
from services.router.api.position import Position
from services.router.api.problems import Problem

NUMBERS = st.integers(0, 2**62)


@given(NUMBERS, st.integers(-1, 1000), NUMBERS, NUMBERS)
def test_a_position_is_read_as_it_was_written(
    offset: int, index: int, epoch: int, seq: int
) -> None:
    position = Position(offset, index, epoch, seq)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "1", "1.2.3", "1.2.3.4.5", "a.b.c.d", "1..2.3", "1.2.3.x"])
def test_what_is_no_position_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Position.parse(text)


@given(NUMBERS, st.text())
def test_a_cursor_is_read_as_it_was_written(at: int, member: str) -> None:
    cursor = Cursor(at, member)
    assert Cursor.parse(str(cursor), "/before") == cursor


@pytest.mark.parametrize("text", ["!", "YQ", "x" * 2000, "\u2603"])
def test_what_is_no_cursor_is_a_problem(text: str) -> None:
    with pytest.raises(Problem) as problem:
        Cursor.parse(text, "/before")
    assert (problem.value.code, problem.value.faults[0].pointer) == ("invalid", "/before")


@given(st.text(max_size=50))
def test_no_text_does_any_harm(text: str) -> None:
    with suppress(Problem):
        Cursor.parse(text, "/before")
