"""Is another process using the file? If not, members that are still listed died without leaving."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl


class Presence:
    """Held for as long as the log is open: an advisory lock on a file beside the database.

    The operating system lets go of it when the process dies, however it dies.
    """

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-open")
        self._file: IO[bytes] | None = None

    @contextmanager
    def entering(self) -> Iterator[bool]:
        """Come in; true when nobody else is here, and then nobody comes in meanwhile."""
        self._file = self._path.open("ab")
        try:
            alone = self._lock_alone()
            yield alone
            self._lock_with_others()
        except BaseException:
            self.leave()
            raise

    def _lock_alone(self) -> bool:
        if sys.platform == "win32" or self._file is None:
            return False  # then members that are silent are waited for
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock_with_others(self) -> None:
        """Waits while another one, that came first, looks around."""
        if sys.platform != "win32" and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """The log is closed."""
        if self._file is not None:
            self._file.close()
