"""The table of docs/proof.md, written by `make prove ARGS=--docs`."""

from collections.abc import Sequence
from pathlib import Path

from tests.prove.queues import Row

PAGE = Path(__file__).parents[2] / "docs" / "proof.md"
_HEAD = "| model | figure | known | measured with its twin | alone |\n|---|---|---|---|---|\n"


def written(text: str, rows: Sequence[Row]) -> str:
    """The page with these rows instead of those it has."""
    before, _, rest = text.partition(_HEAD)
    _, _, after = rest.partition("\n\n")
    return f"{before}{_HEAD}{''.join(map(_line, rows)).rstrip()}\n\n{after}"


def _line(row: Row) -> str:
    known = f"{row.exact:.6f}" if row.known == "exact" else f"{row.exact:.4f} {row.known}"
    measured = f"{row.measured.value:.6f} ± {row.measured.half_width:.6f}"
    alone = f"{row.alone.value:.6f} ± {row.alone.half_width:.6f}"
    return f"| {row.model} | {row.figure} | {known} | {measured} | {alone} |\n"
