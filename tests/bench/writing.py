"""Reports as people read them: tables on a terminal, and the page in `docs/`."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Report

Measured = tuple[list[Report], float]
"""The reports of one bench, and what share of the machine other programs used meanwhile."""

PAGE = Path("docs/benchmarks.md")
_BEGIN = "<!-- What follows is written by `make bench ARGS=--docs`. -->\n"


def show(console: Console, report: Report) -> None:
    """Print a report."""
    table = Table(title=report.title, title_justify="left")
    for column in _columns(report):
        numbers = all(isinstance(row.get(column, 0), int | float) for row in report.rows)
        table.add_column(column, justify="right" if numbers else "left")
    for cells in _cells(report):
        table.add_row(*cells)
    console.print(table)
    for note in report.notes:
        console.print(f"  {note}", style="dim", highlight=False)


def markdown(measured: Iterable[Measured], machine: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    parts = [f"Machine: {', '.join(f'{name} {value}' for name, value in machine.items())}."]
    for reports, others in measured:
        for report in reports:
            notes = [*report.notes, f"other programs used {others:.0%} of the machine meanwhile"]
            columns = _columns(report)
            lines = [columns, ["---"] * len(columns), *_cells(report)]
            parts.append(f"### {report.title[0].upper()}{report.title[1:]}")
            parts.append("\n".join("| " + " | ".join(cells) + " |" for cells in lines))
            parts.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(parts) + "\n"


def write_page(page: Path, text: str) -> None:
    """Replace the figures at the end of a page."""
    kept, begin, _ = page.read_text().partition(_BEGIN)
    page.write_text(f"{kept}{begin}\n{text}")


def _columns(report: Report) -> list[str]:
    return list(dict.fromkeys(key for row in report.rows for key in row))


def _cells(report: Report) -> list[list[str]]:
    columns = _columns(report)
    return [[_shown(row.get(column, "")) for column in columns] for row in report.rows]


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "-"
    return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
