"""Workers share the tests, and take nothing from each other."""

import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_PASSED = re.compile(r"^\[(gw\d)\] .* PASSED ([^:]+)::", re.MULTILINE)


def _ran(*files: str) -> dict[str, set[str]]:
    """By file, the workers that ran its tests, where there are two workers."""
    options = ["-p", "no:cacheprovider", "--numprocesses=2", "--verbose"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    passed = _PASSED.findall(result.stdout)
    return {file: {worker for worker, its in passed if its == file} for file in files}


def test_a_file_is_one_workers_and_the_large_tests_are_too() -> None:
    load, writing = "tests/bench/test_load.py", "tests/bench/test_writing.py"
    record = "tests/unit/shared/test_record.py"

    ran = _ran(load, writing, record)

    assert ran[load] == ran[writing]
    assert {len(workers) for workers in ran.values()} == {1}
    assert len(ran[load] | ran[record]) == 2
