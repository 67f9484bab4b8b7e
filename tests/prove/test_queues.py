"""The quick part of `make prove`: the engine serves as the exact models say.

With strict first-come-first-served the engine and the plain line answer every contact at the same
moment, so even few contacts tell whether it errs.
"""

import pytest

from tests.prove.models import (
    Model,
    erlang_a,
    erlang_c,
    one_skill,
    pooled,
    priorities,
    several_hands,
    two_channels,
)
from tests.prove.queues import PARTS, Outcome, rows, run_both

pytestmark = pytest.mark.timeout(180)

_SAME = {
    "erlang_c": erlang_c(10, 8, 0.1, 4_000),
    "erlang_a": erlang_a(50, 48, 2.0, 4_000),
    "pooled": pooled(1.425, "age", "longest_idle", 4_000),
    "one_skill": one_skill(4_000),
    "several_hands": several_hands(4_000),
    "two_channels": two_channels(4_000),
}
_OTHER = {
    "priorities": priorities(8_000),
    "best_fit": pooled(1.425, "target", "best_fit", 6_000),
}


def _outcome(model: Model) -> Outcome:
    parts = [run_both(model, part) for part in range(PARTS)]
    engine, sums = ([batch for part in parts for batch in part[side]] for side in (0, 1))
    return Outcome(model, engine, sums)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", _SAME.values(), ids=_SAME)
def test_the_engine_is_the_plain_line(model: Model) -> None:
    outcome = _outcome(model)

    for figure in model.twin_exact:
        measured, _ = outcome.estimate(figure)
        assert measured.half_width == pytest.approx(0, abs=1e-6), figure
    assert all(row.holds for row in rows(outcome))


@pytest.mark.parametrize("model", _OTHER.values(), ids=_OTHER)
def test_other_orders_have_the_means_they_must(model: Model) -> None:
    found = [row for row in rows(_outcome(model)) if row.figure != "p_block"]

    assert len(found) >= 2
    for row in found:
        assert row.measured.value == pytest.approx(row.exact, rel=0.06), row.figure
