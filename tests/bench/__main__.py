"""`make bench`: every figure beside its limit, measured in the same run on this machine.

Absolute numbers depend on the machine and its mood; the ratios are what to compare.
"""

import argparse
import asyncio
import importlib
import json
import os
import platform
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

BENCHES = ("ingest", "latency", "engine")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], default=[])
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    chosen = parser.parse_args()
    console = Console()
    results: dict[str, Any] = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()}
    }
    for name in chosen.names or BENCHES:
        console.print(f"measuring {name} ...")
        results[name] = asyncio.run(importlib.import_module(f"tests.bench.{name}").run())
        console.print(_table(name, results[name]))
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(results, indent=2))
    console.print(f"written to {chosen.json}")


def _table(title: str, figures: list[dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for figure in figures for key in figure))
    table = Table(*columns, title=title)
    for figure in figures:
        table.add_row(*(_shown(figure.get(column, "")) for column in columns))
    return table


def _shown(value: object) -> str:
    return f"{value:,.3g}" if isinstance(value, float) and value < 100 else f"{value:,.0f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
