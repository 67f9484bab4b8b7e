import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from patchbay.stack.workspace import workspace

_ROOT = Path(__file__).parents[4]
_KILLED_OWNER = """
import os, signal
from patchbay.stack.workspace import workspace
with workspace("test") as folder:
    (folder / "data").write_text("left behind")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_it_is_removed_by_its_owner() -> None:
    with workspace("test") as folder:
        assert folder.is_dir()
    assert not folder.exists()


def test_the_one_of_a_killed_owner_goes_when_the_next_is_made() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_OWNER],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    left = Path(killed.stdout.strip())
    assert (left / "data").read_text() == "left behind"
    with workspace("test"):
        assert not left.exists()


def test_those_of_living_owners_and_of_others_stay(tmp_path: Path) -> None:
    other = tmp_path / "patchbay-test-without-an-owner"
    other.mkdir()
    with workspace("test") as first, workspace("test") as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
    assert other.is_dir()
