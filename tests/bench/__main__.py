"""`make bench`: every figure beside its limit, measured in the same run on this machine.

Absolute numbers depend on the machine and its mood; the ratios are what to compare.
"""

import argparse
import importlib
import json
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.cpu import Others
from tests.bench.figures import QUICK, Report, Size

BENCHES = ("ingest", "latency", "engine")
_LIBRARIES = ("aiohttp", "aiokafka", "orjson", "pydantic", "redis", "uvloop")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chosen benches, print their tables and write their figures."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="only see whether it works")
    parser.add_argument("--shards", type=int, help="partitions of every topic")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    size = QUICK if chosen.quick else Size()
    size = replace(size, shards=chosen.shards or size.shards)
    console = Console(width=None if os.isatty(1) else 160)
    results: dict[str, Any] = {"machine": _machine(), "size": asdict(size)}
    for name in chosen.names or BENCHES:
        console.print(f"measuring {name} ...")
        run = importlib.import_module(f"tests.bench.{name}").run
        others = Others()
        reports: list[Report] = uvloop.run(run(size))
        share = others.share()
        results[name] = _plain({"others": share, "reports": [asdict(each) for each in reports]})
        for report in reports:
            _print(console, report)
        console.print(f"other programs used {share:.0%} of the machine meanwhile")
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(results, indent=2) + "\n")
    console.print(f"written to {chosen.json}")


def _machine() -> dict[str, Any]:
    libraries = {name: version(name) for name in _LIBRARIES}
    python = platform.python_version()
    return {"cpus": os.cpu_count(), "system": platform.platform(), "python": python} | libraries


def _print(console: Console, report: Report) -> None:
    columns = list(dict.fromkeys(key for row in report.rows for key in row))
    table = Table(title=report.title, title_justify="left")
    for column in columns:
        numbers = all(isinstance(row.get(column, 0), int | float) for row in report.rows)
        table.add_column(column, justify="right" if numbers else "left")
    for row in report.rows:
        table.add_row(*(_shown(row.get(column, "")) for column in columns))
    console.print(table)
    for note in report.notes:
        console.print(f"  {note}", style="dim", highlight=False)


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "-"
    return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _plain(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


if __name__ == "__main__":
    main()
