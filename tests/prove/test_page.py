"""The table of the page can be written anew, and nothing else changes."""

from patchbay.simulate.intervals import Estimate
from tests.prove.page import PAGE, written
from tests.prove.queues import Row

_ROW = Row("a line", "p_wait", "exact", 0.5, Estimate(0.4, 0.2), Estimate(0.3, 0.1), True, True)


def test_the_table_is_replaced() -> None:
    text = PAGE.read_text()

    once = written(text, [_ROW])
    table = "| a line | p_wait | 0.500000 | 0.400000 ± 0.200000 | 0.300000 ± 0.100000 |\n\n"

    assert table in once
    assert "Erlang C, 10 agents" not in once
    assert once.partition(table)[2] == text[-len(once.partition(table)[2]) :]
    assert written(once, [_ROW]) == once
