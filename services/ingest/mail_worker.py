"""Reads mails in worker processes: whatever a mail does to its reader, the service lives on.

A mail that kills its worker, or keeps it too long, goes to `dead-letters` like any unreadable one;
the worker is replaced.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import orjson
import structlog

from services.ingest import metrics
from services.ingest.mail_frames import FRAME, WorkerLimits, load_items
from shared.channels import HttpRequest, Item
from shared.channels.account import AccountSettings
from shared.channels.email.dead import dead
from shared.channels.email.delivery import read_delivery
from shared.channels.email.settings import EmailSettings
from shared.errors import PayloadInvalid

log = structlog.get_logger()


class WorkerLost(Exception):
    """The worker died, perhaps of this mail."""


class WorkerSlow(WorkerLost):
    """The worker was ended because the mail took too long."""


class _Worker:
    """One process. It is started when it is first needed, and again after it died."""

    def __init__(self, limits: WorkerLimits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process unless it runs."""
        if self._process is not None and self._process.returncode is None:
            return
        limits = self._limits
        command = ("-m", "services.ingest.mail_child")
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, *command, str(limits.memory_bytes), str(limits.cpu_seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},  # none of the service's secrets
        )

    async def ask(self, frame: bytes) -> bytes:
        """One answer. Raises WorkerLost; the process is gone then."""
        await self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        answered = False
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                process.stdin.write(FRAME.pack(len(frame)) + frame)
                await process.stdin.drain()
                head = await process.stdout.readexactly(FRAME.size)
                reply = await process.stdout.readexactly(FRAME.unpack(head)[0])
            answered = True
        except TimeoutError:
            raise WorkerSlow("it took too long to read") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise WorkerLost("it took too much memory or processor time to read") from None
        finally:
            if not answered:
                await self.stop()
        return reply

    async def stop(self) -> None:
        """End the process, without waiting for what it does."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class MailWorkers:
    """Some worker processes and the queue for them; opened by `mail_workers`."""

    def __init__(self, count: int, limits: WorkerLimits) -> None:
        self._workers = [_Worker(limits) for _ in range(count)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def parse(
        self, account: AccountSettings, request: HttpRequest, now: datetime
    ) -> Sequence[Item]:
        """`Channel.parse`, somewhere else. Raises PayloadInvalid."""
        assert isinstance(account, EmailSettings)
        frame = pickle.dumps((account, request, now))
        worker = await self._idle.get()
        try:
            reply: dict[str, Any] = orjson.loads(await _ask(worker, frame))
        except WorkerLost as lost:
            log.warning("mail_costs_its_reader", account=account.name, why=str(lost))
            return [_unreadable(account, request, PayloadInvalid.code, str(lost))]
        finally:
            self._idle.put_nowait(worker)
        if "refused" in reply:
            raise PayloadInvalid(reply["refused"])
        if "bug" in reply:
            log.error("mail_reader_bug", account=account.name, where=reply["bug"])
            return [_unreadable(account, request, "bug", reply["bug"])]
        return load_items(reply["items"])

    async def start(self) -> None:
        """Start every worker, so that the first mails need not wait for it."""
        await asyncio.gather(*(worker.start() for worker in self._workers))

    async def stop(self) -> None:
        """End every worker."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))


@asynccontextmanager
async def mail_workers(
    count: int = 2, limits: WorkerLimits | None = None
) -> AsyncIterator[MailWorkers]:
    """Worker processes that read mails, ended when left."""
    workers = MailWorkers(count, limits or WorkerLimits())
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop()


async def _ask(worker: _Worker, frame: bytes) -> bytes:
    """A second worker is asked when the first died: it may have been killed for another reason."""
    try:
        return await worker.ask(frame)
    except WorkerSlow:
        metrics.MAIL_WORKERS_LOST.inc()
        raise
    except WorkerLost:
        metrics.MAIL_WORKERS_LOST.inc()
    try:
        return await worker.ask(frame)
    except WorkerLost:
        metrics.MAIL_WORKERS_LOST.inc()
        raise


def _unreadable(account: EmailSettings, request: HttpRequest, reason: str, detail: str) -> Item:
    return dead(account, reason, "mail", read_delivery(request).content, detail)
