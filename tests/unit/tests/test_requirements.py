"""A test that did not run is never overlooked."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import require_tool

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]


def _pytest(file: str, *, path: Path, workers: int = 0, **environment: str) -> tuple[int, str]:
    options = ["-p", "no:cacheprovider", f"--numprocesses={workers}"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(_HERE / file)],
        cwd=_ROOT,
        env={"PATH": str(path), "HOME": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


def _closing_lines(output: str) -> str:
    """What is printed after the count of passed and skipped tests."""
    return output[output.rindex("short test summary info") :]


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("0", 0), ("false", 0), ("true", 1), ("1", 1)])
def test_missing_tools_are_a_failure_in_ci_only(tmp_path: Path, ci: str, status: int) -> None:
    code, output = _pytest("left_out.py", path=tmp_path, CI=ci)
    assert code == status
    assert "1 passed, 2 skipped" in output


@pytest.mark.parametrize("workers", [0, 2])
def test_the_run_ends_with_every_test_left_out_and_its_package(
    tmp_path: Path, workers: int
) -> None:
    code, output = _pytest("left_out.py", path=tmp_path, workers=workers, CI="true")
    assert code == 1
    end = _closing_lines(output)
    assert "1 TESTS DID NOT RUN: missing tool: Java (apt-get install openjdk-17-jre-head" in end
    assert "left_out.py::test_that_needs_kafka\n" in end
    assert "missing tool: no-such-program (apt-get install no-such-package)" in end
    assert "left_out.py::test_that_needs_a_tool\n" in end


def test_maven_is_named_where_kafka_was_never_fetched(tmp_path: Path) -> None:
    java = require_tool("java", package="openjdk-17-jre-headless")
    (tmp_path / "java").symlink_to(java.resolve())
    _, output = _pytest("left_out.py", path=tmp_path, XDG_CACHE_HOME=str(tmp_path))
    assert "missing tool: Maven (apt-get install maven)" in _closing_lines(output)


@pytest.mark.parametrize("workers", [0, 2])
def test_no_other_way_round_a_test_is_accepted(tmp_path: Path, workers: int) -> None:
    code, output = _pytest("disallowed.py", path=tmp_path, workers=workers)
    assert code == 1
    end = _closing_lines(output)
    assert "2 TESTS SKIPPED OR EXPECTED TO FAIL: not allowed" in end
    assert "disallowed.py::test_that_is_skipped\n" in end
    assert "disallowed.py::test_that_is_expected_to_fail\n" in end


def test_a_tool_that_is_there_is_returned() -> None:
    assert str(require_tool("sh", package="dash")) == shutil.which("sh")
