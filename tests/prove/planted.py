"""Plant a bug in a copy of the project, and see whether its test fails there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.prove.bugs import Bug

ROOT = Path(__file__).parents[2]
_COPIED = ("patchbay", "services", "shared", "tests", "pyproject.toml")
_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Caught:
    """What came of it: the test passes as it is, and fails with the bug."""

    bug: Bug
    passes: bool
    fails: bool

    @property
    def holds(self) -> bool:
        """Is the bug caught, and by nothing else that is wrong?"""
        return self.passes and self.fails


def plant_all(bugs: Sequence[Bug]) -> Iterator[Caught]:
    """One after the other. All tests run once without any bug first."""
    with copied() as folder:
        clean = {test: passes(folder, test) for test in dict.fromkeys(bug.test for bug in bugs)}
        for bug in bugs:
            with planted(folder, bug):
                yield Caught(bug, clean[bug.test], fails=not passes(folder, bug.test))


@contextmanager
def copied() -> Iterator[Path]:
    """The project's code in a folder of its own."""
    with TemporaryDirectory(prefix="patchbay-planted-") as name:
        folder = Path(name)
        for entry in _COPIED:
            source = ROOT / entry
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / entry, ignore=ignored)
            else:
                shutil.copy(source, folder / entry)
        yield folder


@contextmanager
def planted(folder: Path, bug: Bug) -> Iterator[None]:
    """The bug is in the copy meanwhile. Raises ValueError where its place has changed."""
    file = folder / bug.file
    right = file.read_text()
    file.write_text(with_bug(right, bug))
    try:
        yield
    finally:
        file.write_text(right)


def with_bug(text: str, bug: Bug) -> str:
    """The text of the file with the bug in it."""
    if text.count(bug.right) != 1:
        raise ValueError(f"{bug.name}: {bug.file} has changed, plant it elsewhere")
    return text.replace(bug.right, bug.wrong)


def passes(folder: Path, test: str) -> bool:
    """Does the test pass in this copy?"""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise ValueError(f"{test}: {done.stdout.decode()[-500:]}")
    return done.returncode == 0
