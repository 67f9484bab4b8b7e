"""The worker process that reads mails: `python -m services.ingest.mail_child`.

One frame in (a pickle of account, request and time, from our own service), one frame out (JSON).
The mail is hostile until proven otherwise: the process has bounded memory and bounded time per
mail, can write no file, and is replaced when it dies. It ends when its service does.
"""

import pickle
import resource
import signal
import struct
import sys
import traceback
from typing import BinaryIO

import orjson

from services.ingest.mail_frames import FRAME, WorkerLimits, dump_items
from shared.channels.email import Email
from shared.errors import PayloadInvalid


def confine(limits: WorkerLimits) -> None:
    """Take away what reading a mail does not need (setrlimit(2))."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when we stop
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def allow_time(seconds: float) -> None:
    """Let the next mail use so much processor time; more ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = used.ru_utime + used.ru_stime + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(total) + 1, hard))


def answer(frame: bytes) -> bytes:
    """What is in one mail, as JSON: `items`, or `refused`, or `bug` with where it happened."""
    account, request, now = pickle.loads(frame)  # noqa: S301 - from our own service, by its pipe
    try:
        items = Email().parse(request, account, now)
    except PayloadInvalid as error:
        return orjson.dumps({"refused": str(error)})
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a hostile mail must not end the service
        last = traceback.extract_tb(error.__traceback__)[-1]
        return orjson.dumps({"bug": f"{type(error).__name__} in {last.name}:{last.lineno}"})
    return dump_items(items)


def serve(source: BinaryIO, target: BinaryIO, limits: WorkerLimits) -> None:
    """Answer frame after frame until the service closes the pipe."""
    while len(head := source.read(FRAME.size)) == FRAME.size:
        frame = source.read(FRAME.unpack(head)[0])
        allow_time(limits.cpu_seconds)
        reply = answer(frame)
        target.write(FRAME.pack(len(reply)) + reply)
        target.flush()


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    given = WorkerLimits(memory_bytes=int(sys.argv[1]), cpu_seconds=float(sys.argv[2]))
    confine(given)
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, given)
    except (MemoryError, BrokenPipeError, struct.error):
        sys.exit(1)
