"""The same figures by the compiled engine (`make compile`), in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from deploy.compile import CannotCompile, build, environment, is_current
from tests.bench.figures import BenchFailed, Row, Size


def rows_for(size: Size, interpreted: Sequence[Row]) -> list[Row]:
    """Each beside the interpreted one; or one row that says why there are none."""
    try:
        folder = _folder(size)
    except CannotCompile as error:
        return [{"measured": f"not measured: {error}"}]
    return beside(interpreted, measured(folder, size))


def measured(packages: Path, size: Size) -> list[Row]:
    """By the engine in this folder. Raises BenchFailed if it is not compiled."""
    command = [sys.executable, "-m", "tests.bench.engine", json.dumps(asdict(size))]
    found = json.loads(subprocess.check_output(command, env=environment(packages)))
    if found["engine"] != "compiled":
        raise BenchFailed(f"the engine in {packages} is {found['engine']}")
    rows: list[Row] = found["rows"]
    return rows


def beside(interpreted: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """The rows, with their speed as a multiple of the interpreted engine's."""
    return [
        {**row, "times interpreted": row["commands/s"] / before["commands/s"]}
        if "commands/s" in row
        else row
        for before, row in zip(interpreted, rows, strict=True)
    ]


def _folder(size: Size) -> Path:
    if size.quick and not is_current():
        raise CannotCompile("make compile has not been run since the last change")
    return build()
