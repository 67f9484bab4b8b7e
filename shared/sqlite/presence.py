"""Is another process using the file? If not, members that are still listed died without leaving."""

import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl


class Presence:
    """Held for as long as the log is open: an advisory lock on a file beside the database.

    The operating system lets go of it when the process dies, however it dies.
    """

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-open")
        self._file: IO[bytes] | None = None

    def enter(self) -> bool:
        """Show that we are here; True when nobody else is (and nobody comes in meanwhile)."""
        self._file = self._path.open("ab")
        if fcntl is None:
            return False  # then silent members are waited for
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def stay(self) -> None:
        """Let others in. Waits while another one that came first looks around."""
        if self._file is not None and fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """The log is closed."""
        if self._file is not None:
            self._file.close()
