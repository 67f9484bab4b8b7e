"""Run a command that dies with its parent: `child.py PARENT_PID COMMAND...`.

A wrapper rather than Popen's preexec_fn, which may deadlock in a process with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Replace this process by the command, which Linux kills as soon as the parent has ended.

    Other systems lack that call: there a server outlives a parent that was killed.
    """
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent has ended already")
    os.execv(command[0], command)  # noqa: S606 - the command is what we were started for


if __name__ == "__main__":
    main()
