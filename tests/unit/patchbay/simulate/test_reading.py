"""What is wrong with a scenario is said with its line, its path and a hint."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patchbay.cli import app
from patchbay.simulate.reading import inspect
from shared.config.load import describe

CASES = sorted((Path(__file__).parent / "problems").glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_problems(case: Path, tmp_path: Path) -> None:
    content: dict[str, Any] = json.loads(case.read_text())
    file = tmp_path / "scenario.yaml"
    file.write_text("\n".join(content["scenario"]))

    scenario, problems = inspect(file)

    assert [describe(file, p) for p in problems] == [f"{file}:{p}" for p in content["problems"]]
    errors = [p for p in problems if not p.warning]
    assert (scenario is None) == bool(errors)


def test_a_file_that_is_not_there() -> None:
    scenario, problems = inspect(Path("nowhere.yaml"))

    assert scenario is None
    assert problems[0].message == "cannot be read: No such file or directory"


def test_wrong_usage_ends_with_status_2(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text("arivals: 1\n")

    done = CliRunner().invoke(app, ["simulate", str(file), "--json"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{file}:1: arivals: unknown key 'arivals' (did you mean 'arrivals'?)" in done.stderr
