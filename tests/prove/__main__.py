"""`make prove`: print every proof with its figures; exit status 1 if one does not hold."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from patchbay.simulate.intervals import Estimate
from tests.prove import models, queues
from tests.prove.queues import Row


def main() -> int:
    """All proofs, or those whose name contains a word."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--only", default="", help="models whose name contains this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    failed = prove_queues(given.only, given.processes)
    for line in failed:
        print(f"does not hold: {line}")  # noqa: T201 - what it is for
    return 1 if failed else 0


def prove_queues(only: str, processes: int) -> list[str]:
    """The engine against exact queueing results; what does not hold."""
    wanted = [model for model in models.all_models() if only in model.name]
    outcomes, found = [], []
    _print(_HEAD)
    for outcome in queues.run(wanted, processes):
        outcomes.append(outcome)
        found += _printed(queues.rows(outcome))
    found += _printed(queues.pooling(outcomes))
    return [f"{row.model}: {row.figure}" for row in found if not (row.holds and row.tight)]


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
