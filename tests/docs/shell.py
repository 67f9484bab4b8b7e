"""A shell in a folder that looks like a fresh clone, and programs on a terminal of their own."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.docs.readme import ROOT

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_SIZE = struct.pack("HHHH", 50, 120, 0, 0)
_END = "the end of a block"
_LEFT_OUT = {"var", ".git"}


def clone(folder: Path) -> Path:
    """A folder with everything of the repository in it but what running leaves behind."""
    for entry in ROOT.iterdir():
        if entry.name not in _LEFT_OUT:
            (folder / entry.name).symlink_to(entry)
    (folder / "var").mkdir()
    return folder


def environment(**more: str) -> dict[str, str]:
    """What a new terminal has."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | more


def run(scripts: Sequence[str], folder: Path, seconds: float) -> list[str]:
    """What each script prints, run one after the other in one shell that stops at a failure."""
    text = "".join(f"{script}\necho '{_END}'\n" for script in scripts)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", text],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{_END}\n")[:-1]


class Terminal:
    """A program on a terminal, as somebody sees it who started it there."""

    def __init__(self, command: Sequence[str], folder: Path, more: Mapping[str, str]) -> None:
        self._screen, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, _SIZE)
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(TERM="xterm", **more),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Has it not ended by itself?"""
        return self._process.poll() is None

    @property
    def text(self) -> str:
        """Everything it has shown, without colours and movements."""
        return _ESCAPE.sub("", b"".join(self._seen).decode(errors="replace"))

    def interrupt(self, seconds: float) -> int:
        """Ctrl-C; its exit status."""
        if self.running:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            return self._process.wait(seconds)
        finally:
            if self.running:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._reader.join()
            os.close(self._screen)

    def _read(self) -> None:
        while True:
            try:
                found = os.read(self._screen, 65536)
            except OSError:  # the other side is closed
                return
            if not found:
                return
            self._seen.append(found)
