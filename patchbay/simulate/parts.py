"""A simulation in parts that know nothing of each other, so that every core can take one.

How many parts there are depends on the scenario alone: the same seed gives the same output on any
machine.
"""

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from patchbay.simulate.reading import usual_warm_up
from patchbay.simulate.run import Run
from patchbay.simulate.scenario import Scenario
from patchbay.simulate.tally import BATCHES, Batch

_PARTS = 4
_WORTH_PARTS = 100_000
"""Arrivals from which on a run is cut into parts: each of them has a warm-up of its own."""


def simulate(scenario: Scenario, processes: int | None = None) -> list[Batch]:
    """All batches, in order. `processes`: at most so many, all cores where nothing is said."""
    parts = _PARTS if scenario.arrivals >= _WORTH_PARTS else 1
    workers = min(parts, processes or os.cpu_count() or 1)
    if workers == 1:
        found = [run_part(scenario, part, parts) for part in range(parts)]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(run_part, scenario, part, parts) for part in range(parts)]
            found = [job.result() for job in jobs]
    return [batch for batches in found for batch in batches]


def plan(scenario: Scenario, part: int, parts: int) -> tuple[int, int]:
    """How many arrivals count in this part, and how many come before."""
    counted = scenario.arrivals // parts + (part < scenario.arrivals % parts)
    share = scenario.model_copy(update={"arrivals": counted})
    warm_up = usual_warm_up(share) if scenario.warm_up is None else scenario.warm_up
    return counted, warm_up


def run_part(scenario: Scenario, part: int, parts: int) -> list[Batch]:
    """One of them."""
    run = Run(scenario, part, *plan(scenario, part, parts), BATCHES // parts)
    gc.collect()
    gc.freeze()  # what is there now stays: no collection need look at it again
    try:
        return run.go().found
    finally:
        gc.unfreeze()
