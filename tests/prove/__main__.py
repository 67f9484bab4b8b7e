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
    outcomes = queues.run(wanted, processes)
    found = [row for outcome in outcomes for row in queues.rows(outcome)]
    found += list(queues.pooling(outcomes))
    _table([_HEAD, *map(_shown, found)])
    return [f"{row.model}: {row.figure}" for row in found if not (row.holds and row.tight)]


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


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells: Iterable[str] = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("| " + " | ".join(cells) + " |")  # noqa: T201 - what it is for


if __name__ == "__main__":
    sys.exit(main())
