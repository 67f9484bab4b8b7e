"""One server process: started, signalled and waited for without an event loop of its own.

Tests start a server in one event loop and kill it in another, so nothing here belongs to a loop.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from patchbay.stack import child
from patchbay.stack.errors import StackFailed
from shared.clock import Clock, SystemClock

_POLL = 0.02
_TAIL = 30


class ServerProcess:
    """A command that can be killed, paused and started again. Its output goes to one file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        output: Path,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._command = tuple(command)
        self._output = output
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._clock: Clock = SystemClock()

    @property
    def pid(self) -> int:
        """The operating system's process id. Raises StackFailed when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise StackFailed(f"{self.name} is not running\n{self.tail()}")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists; a paused one does."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """How it ended: its exit status, or minus the signal; None while it runs or never did."""
        return None if self._process is None else self._process.poll()

    def spawn(self) -> None:
        """Start the command; it ends with us, and a Ctrl-C in our terminal does not reach it."""
        wrapper = [sys.executable, child.__file__, str(os.getpid())]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [*wrapper, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._environment,
            )

    def pause(self) -> None:
        """SIGSTOP: the process keeps its sockets and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: the process goes on where it was paused."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone. Harmless when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def stop(self, grace: float) -> bool:
        """SIGTERM, then SIGKILL after `grace` seconds; say whether the first was enough.

        Harmless when it does not run.
        """
        if not self.running:
            return False
        self.resume()
        os.kill(self.pid, signal.SIGTERM)
        try:
            await self.wait_ended(grace)
        except TimeoutError:
            self.kill()
            return False
        return True

    async def wait_ended(self, timeout: float) -> None:
        """Wait for the process to end by itself. Raises TimeoutError after `timeout` seconds."""
        deadline = self._clock.monotonic() + timeout
        while self.running:
            if self._clock.monotonic() > deadline:
                raise TimeoutError(f"{self.name} still runs after {timeout:g} s")
            await self._clock.sleep(_POLL)

    def tail(self) -> str:
        """The last lines of its output."""
        if not self._output.exists():
            return ""
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-_TAIL:])
