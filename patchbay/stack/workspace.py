"""A server's temporary directory, removed by the next one if its owner was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OWNER = ".owner"  # locked for as long as the process that made the directory lives


@contextmanager
def workspace(kind: str) -> Iterator[Path]:
    """An empty directory `patchbay-<kind>-…`; those of owners that were killed go first."""
    prefix = f"patchbay-{kind}-"
    _sweep(prefix)
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        folder = Path(name)
        with (folder / "owner").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "owner").rename(folder / _OWNER)  # nobody ever sees it unlocked
            yield folder


def _sweep(prefix: str) -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{prefix}*/{_OWNER}"):
        with suppress(OSError), owner.open() as lock:  # it is locked, or gone by now, or not ours
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(owner.parent)
