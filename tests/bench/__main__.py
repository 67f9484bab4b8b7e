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

from tests.bench.cpu import Others
from tests.bench.figures import QUICK, Report, Size
from tests.bench.writing import PAGE, Measured, markdown, show, write_page

BENCHES = ("ingest", "latency", "engine", "shard")
_LIBRARIES = ("aiohttp", "aiokafka", "orjson", "pydantic", "redis", "uvloop")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chosen benches, print their tables and write their figures."""
    chosen = _chosen(arguments)
    size = QUICK if chosen.quick else Size()
    size = replace(size, shards=chosen.shards or size.shards)
    console = Console(width=None if os.isatty(1) else 160)
    machine = _machine()
    measured = {name: _measure(name, size, console) for name in chosen.names or BENCHES}
    results = {"machine": machine, "size": asdict(size)}
    results |= {
        name: {"others": others, "reports": [asdict(report) for report in reports]}
        for name, (reports, others) in measured.items()
    }
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(_plain(results), indent=2) + "\n")
    console.print(f"written to {chosen.json}")
    if chosen.docs:
        write_page(PAGE, markdown(measured.values(), machine))
        console.print(f"written to {PAGE}")


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="only see whether it works")
    parser.add_argument("--shards", type=int, help="partitions of every topic")
    parser.add_argument("--docs", action="store_true", help=f"write the figures into {PAGE}")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    return chosen


def _measure(name: str, size: Size, console: Console) -> Measured:
    console.print(f"measuring {name} ...")
    run = importlib.import_module(f"tests.bench.{name}").run
    others = Others()
    reports: list[Report] = uvloop.run(run(size))
    share = others.share()
    for report in reports:
        show(console, report)
    console.print(f"other programs used {share:.0%} of the machine meanwhile")
    return reports, share


def _machine() -> dict[str, Any]:
    libraries = {name: version(name) for name in _LIBRARIES}
    python = platform.python_version()
    return {"cpus": os.cpu_count(), "system": platform.system(), "python": python} | libraries


def _plain(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


if __name__ == "__main__":
    main()
