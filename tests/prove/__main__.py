"""`make prove`: print every proof with its figures; exit status 1 if one does not hold."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from statistics import fmean

from deploy.compile import CannotCompile, NoCompiler
from patchbay.simulate.intervals import Estimate
from tests.prove import assignment, compiled, long_chain, models, planted, queues
from tests.prove.bugs import BUGS
from tests.prove.page import PAGE, written
from tests.prove.queues import Row


def main() -> int:
    """All proofs, or those whose name contains a word."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--only", default="", help="models whose name contains this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/proof.md")
    given = parser.parse_args()
    rows = prove_queues(given.only, given.processes)
    failed = [f"{row.model}: {row.figure}" for row in rows if not (row.holds and row.tight)]
    if given.docs and not given.only:
        PAGE.write_text(written(PAGE.read_text(), rows))
    if not given.only:
        failed += prove_assignment() + prove_chain() + prove_bugs()
    if given.only in compiled.NAME:
        failed += prove_compiled()
    for line in failed:
        print(f"does not hold: {line}")  # noqa: T201 - what it is for
    return 1 if failed else 0


def prove_queues(only: str, processes: int) -> list[Row]:
    """The engine against exact queueing results: every row."""
    wanted = [model for model in models.all_models() if only in model.name]
    outcomes, found = [], []
    _print(_HEAD)
    for outcome in queues.run(wanted, processes):
        outcomes.append(outcome)
        found += _printed(queues.rows(outcome))
    return found + _printed(queues.pooling(outcomes))


def prove_assignment() -> list[str]:
    """Greedy against the optimum; what does not hold."""
    failed = []
    pairs = zip(
        ("least total of 100", "one by one of 100"),
        (assignment.OPTIMUM, assignment.GREEDY),
        assignment.calibrated(2_000),
        strict=True,
    )
    for name, exact, found in pairs:
        assert found.value is not None
        assert found.half_width is not None
        holds = abs(found.value - exact) <= found.half_width
        print(f"{name}: exact {exact:.5f}, measured {' ± '.join(_both(found))}")  # noqa: T201
        failed += [] if holds else [name]
    lost = map(astuple, assignment.regrets(assignment.SIZE, 20))
    means = [fmean(values) for values in zip(*lost, strict=True)]
    print(  # noqa: T201
        "levels lost per contact: engine {:.3f}, one by one {:.3f}, optimum {:.3f}".format(*means)
        + f"; regret {means[0] - means[2]:.3f}"
    )
    return failed + ([] if means[0] == means[1] else ["the engine takes the best who is left"])


def prove_chain() -> list[str]:
    """Ten plants and ten products; what does not hold."""
    own, everything = long_chain.exact()
    best, (known, half) = long_chain.chain_at_best(2_000), long_chain.FOUND_ELSEWHERE
    assert best.value is not None
    assert best.half_width is not None
    found = list(long_chain.years(40))
    lost = 1 - fmean(year.chain / year.chain_at_best for year in found)
    print(  # noqa: T201
        f"long chain: own product {own:.1f}, everything {everything:.1f} exact; chain at best "
        f"{best.value:.1f} ± {best.half_width:.1f}, elsewhere {known} ± {half}; "
        f"the engine sells {lost:.2%} less than at best"
    )
    failed = [] if all(year.is_right for year in found) else ["each draw of the long chain"]
    near = abs(best.value - known) <= best.half_width + half
    return failed + ([] if near else ["the long chain at best"])


def prove_bugs() -> list[str]:
    """Every planted bug is caught; those that are not."""
    failed = []
    for caught in planted.plant_all(BUGS):
        said = "caught" if caught.holds else "NOT CAUGHT"
        print(f"{said}: {caught.bug.name} ({caught.bug.test})", flush=True)  # noqa: T201
        failed += [] if caught.holds else [caught.bug.name]
    return failed


def prove_compiled() -> list[str]:
    """The compiled engine decides as its sources do; what it decides otherwise."""
    try:
        found = compiled.compared()
    except NoCompiler as missing:
        print(f"{compiled.NAME}: not run: {missing}")  # noqa: T201
        return []
    except (CannotCompile, ValueError) as error:
        return [f"{compiled.NAME}: {error}"]
    same = found.digests - len(found.differ)
    print(f"{compiled.NAME}: {same} of {found.digests} digests are the same")  # noqa: T201
    failed = [f"{compiled.NAME}: {name}" for name in found.differ]
    return failed if found.holds or failed else [f"{compiled.NAME}: nothing to compare"]


_WIDTHS = (49, 9, 35, 8, 8, 8, 8, 6, 5)
_HEAD = ("model", "figure", "known", "measured", "± 99 %", "alone", "± 99 %", "inside", "tight")


def _shown(row: Row) -> tuple[str, ...]:
    known = f"{row.exact:.6f}" if row.known == "exact" else f"{row.exact:.4f} {row.known}"
    return (
        row.model,
        row.figure,
        known,
        *_both(row.measured),
        *_both(row.alone),
        "yes" if row.holds else "NO",
        "yes" if row.tight else "NO",
    )


def _both(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.value:.6f}", f"{estimate.half_width:.6f}"


def _printed(rows: Iterable[Row]) -> list[Row]:
    found = list(rows)
    for row in found:
        _print(_shown(row))
    return found


def _print(cells: Sequence[str]) -> None:
    padded = (cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    print("| " + " | ".join(padded) + " |", flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    sys.exit(main())
