"""The engine against exact queueing results: every row of the table, and whether it holds."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context

from patchbay.simulate.intervals import Estimate, share
from patchbay.simulate.parts import plan, run_part
from patchbay.simulate.tally import BATCHES, Batch
from tests.prove.figures import sample
from tests.prove.measure import Sample, controlled, plain
from tests.prove.models import Claim, Model
from tests.prove.twin import Lines, Sums, twin

PARTS = 2
TIGHT = 0.002
"""Half an interval is at most this, or 1 % of the exact value."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `alone` is the simulation's own interval, without the twin."""

    model: str
    figure: str
    known: str
    exact: float
    measured: Estimate
    alone: Estimate
    holds: bool
    tight: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The batches of a model, by the engine and by its twin."""

    model: Model
    engine: Sequence[Batch]
    twin: Sequence[Sums]

    def estimate(self, figure: str, kind: int | None = None) -> tuple[Estimate, Estimate]:
        """With the twin's help, and alone."""
        ours = self.sample(figure, kind)
        exact = self.model.twin_exact[figure]
        return controlled(ours, sample(figure, self.twin), exact), plain(ours)

    def sample(self, figure: str, kind: int | None = None) -> Sample:
        """The engine's batches of a figure."""
        counts = [b.total() if kind is None else b.kinds[kind] for b in self.engine]
        return sample(figure, counts)


def run(models: Sequence[Model], processes: int) -> Iterable[Outcome]:
    """All of them, in parts, on so many cores; each as soon as it and those before are done."""
    jobs = [(model, part) for model in models for part in range(PARTS)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        done = pool.map(run_both, *zip(*jobs, strict=True))
        for model in models:
            parts = [next(done) for _ in range(PARTS)]
            yield Outcome(
                model,
                list(chain.from_iterable(engine for engine, _ in parts)),
                list(chain.from_iterable(sums for _, sums in parts)),
            )


def run_both(model: Model, part: int) -> tuple[list[Batch], list[Sums]]:
    """One part, by the engine and by the twin."""
    counted, warm_up = plan(model.scenario, part, PARTS)
    lines = Lines(model.servers, model.line_of, model.most)
    sums = twin(model.scenario, part, counted, warm_up, BATCHES // PARTS, lines)
    return run_part(model.scenario, part, PARTS), sums


def rows(outcome: Outcome) -> Iterable[Row]:
    """What is claimed of a model, against what it came to."""
    for claim in outcome.model.claims:
        yield _row(outcome, claim)
    for figure, (value, half) in outcome.model.elsewhere.items():
        measured, alone = outcome.estimate(figure)
        holds = _near(measured, value, half)
        known = f"± {half:.4g}, simulated elsewhere"
        yield Row(outcome.model.name, figure, known, value, measured, alone, holds, tight=True)
    if outcome.model.best_at_least is not None:
        yield _best(outcome, outcome.model.best_at_least)


def pooling(outcomes: Sequence[Outcome]) -> Iterable[Row]:
    """How much of what one skill loses against all skills the second skill brings back."""
    by_name = {outcome.model.name: outcome for outcome in outcomes}
    one, two = by_name.get("1 skill"), by_name.get("2 skills, spread")
    if one is None or two is None:
        return
    for figure, least in (("p_block", 0.95), ("mean_wait", 0.93)):
        all_skills = two.model.twin_exact[figure]
        lost = one.model.twin_exact[figure] - all_skills
        measured, alone = (_part_left(e, all_skills, lost) for e in two.estimate(figure))
        name = "of what 1 skill loses, 2 bring back"
        holds = (measured.value or 0.0) + (measured.half_width or 0.0) >= least
        yield Row(name, figure, "at least", least, measured, alone, holds, tight=True)


def _part_left(estimate: Estimate, all_skills: float, lost: float) -> Estimate:
    assert estimate.value is not None
    assert estimate.half_width is not None
    return Estimate(1 - (estimate.value - all_skills) / lost, estimate.half_width / lost)


def _row(outcome: Outcome, claim: Claim) -> Row:
    measured, alone = outcome.estimate(claim.figure, claim.kind)
    half = measured.half_width or 0.0
    name = outcome.model.name
    if claim.kind is not None:
        name += f", {outcome.model.scenario.contacts[claim.kind].name}"
    holds = _near(measured, claim.exact)
    tight = half <= max(TIGHT, 0.01 * claim.exact)
    return Row(name, claim.figure, "exact", claim.exact, measured, alone, holds, tight)


def _best(outcome: Outcome, least: float) -> Row:
    counts = [batch.total() for batch in outcome.engine]
    found = share([c.best for c in counts], [c.skilled for c in counts])
    holds = (found.value or 0.0) + (found.half_width or 0.0) >= least
    return Row(outcome.model.name, "best", "at least", least, found, found, holds, tight=True)


def _near(estimate: Estimate, value: float, more: float = 0.0) -> bool:
    assert estimate.value is not None
    assert estimate.half_width is not None
    return abs(estimate.value - value) <= estimate.half_width + more + _ROUNDING
