"""The one thread that writes: whatever waits for it shares one fsync (group commit)."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared.clock import Clock, SystemClock, milliseconds
from shared.errors import LogUnavailable, PatchbayError
from shared.log import Entry, Partition
from shared.sqlite.store import Store

T = TypeVar("T")

# How often an idle committer looks whether another process has written to the file, in seconds.
_LOOK = 0.05
_GROUP_JOBS = 4096
_GROUP_BYTES = 16_000_000


@dataclass(slots=True)
class _Append:
    partition: Partition
    entries: Sequence[Entry]
    size: int
    reply: asyncio.Future[int]
    round: int


@dataclass(slots=True)
class _Change:
    work: Callable[[Store], Any]
    reply: asyncio.Future[Any]


@dataclass(slots=True)
class _Group:
    """What is written together, and what is to be answered once it has been."""

    appends: list[_Append] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    size: int = 0
    stop: bool = False
    answers: list[tuple[asyncio.Future[Any], Any]] = field(default_factory=list)

    def add(self, job: _Append | _Change | None) -> None:
        match job:
            case _Append():
                self.appends.append(job)
                self.size += job.size
            case _Change():
                self.changes.append(job)
            case None:
                self.stop = True

    def fail(self, jobs: Sequence[_Append | _Change], error: Exception) -> None:
        """Who has no answer yet gets the failure: a database's as LogUnavailable, a bug as is."""
        reason = LogUnavailable(str(error)) if isinstance(error, sqlite3.Error) else error
        answered = {id(reply) for reply, _ in self.answers}
        self.answers.extend((job.reply, reason) for job in jobs if id(job.reply) not in answered)

    def full(self) -> bool:
        jobs = len(self.appends) + len(self.changes)
        return self.stop or jobs >= _GROUP_JOBS or self.size >= _GROUP_BYTES


class Committer:
    """Hands work to the writing thread, and its results back to the event loop.

    Batches are written in the order in which they were handed over. When a group cannot be written,
    everything handed over before its callers could know fails with it: otherwise a batch could
    be appended without the one it was built upon. `publish` is called in the event loop with the
    heads of the partitions after every commit, before anybody is answered.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        publish: Callable[[Mapping[Partition, int]], None],
        *,
        shared_file: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._publish = publish
        self._shared_file = shared_file
        self._timer = SystemClock()
        self._looked = self._timer.monotonic()
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Append | _Change | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sqlite-log", daemon=True)
        self._round = 0  # as the event loop knows it
        self._written_round = 0  # as the thread knows it
        self._closed = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    async def stop(self) -> None:
        """Write what was handed over, then close the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def append(
        self, partition: Partition, entries: Sequence[Entry], size: int
    ) -> asyncio.Future[int]:
        """Hand over a batch; the future has the first record's offset once it is on the disk."""
        reply: asyncio.Future[int] = self._loop.create_future()
        self._hand_over(_Append(partition, entries, size, reply, self._round))
        return reply

    async def change(self, work: Callable[[Store], T]) -> T:
        """Run `work` in the thread, in a transaction.

        A PatchbayError that it raises must come before its first write.
        """
        reply: asyncio.Future[T] = self._loop.create_future()
        self._hand_over(_Change(work, reply))
        return await reply

    def _hand_over(self, job: _Append | _Change) -> None:
        if self._closed:
            raise LogUnavailable("the log is closed")
        self._jobs.put(job)

    def _run(self) -> None:
        stopped = False
        while not stopped:
            group = self._take()
            self._write(group)
            stopped = group.stop
        self._store.connection.close()

    def _take(self) -> _Group:
        """Everything that waits, up to a limit; an empty group when it is time to look around."""
        group = _Group()
        try:
            group.add(self._jobs.get(timeout=_LOOK if self._shared_file else None))
            while not group.full():
                group.add(self._jobs.get_nowait())
        except queue.Empty:
            pass
        return group

    def _write(self, group: _Group) -> None:
        """Appends first: whoever waits for one does not wait for the changes, too."""
        before = dict(self._store.heads)
        try:
            self._look_around()
            self._append(group)
        except Exception as error:  # noqa: BLE001 - passed on to whoever waits, as it is
            self._written_round += 1
            group.fail(group.appends, error)
        self._report(group, before)
        before = dict(self._store.heads)
        try:
            self._change(group)
        except Exception as error:  # noqa: BLE001 - passed on to whoever waits, as it is
            group.fail(group.changes, error)
        self._report(group, before)

    def _report(self, group: _Group, before: Mapping[Partition, int]) -> None:
        moved = {p: head for p, head in self._store.heads.items() if before.get(p) != head}
        answers, group.answers = group.answers, []
        if answers or moved:
            self._call(self._deliver, answers, moved, self._written_round)

    def _look_around(self) -> None:
        """Learn what another process has appended; between groups not oftener than need be."""
        now = self._timer.monotonic()
        if self._shared_file and now - self._looked >= _LOOK:
            self._looked = now
            if self._store.changed_elsewhere():
                self._store.refresh()

    def _append(self, group: _Group) -> None:
        ready: list[_Append] = []
        for job in group.appends:
            if job.round != self._written_round:
                group.answers.append((job.reply, LogUnavailable("an earlier append failed")))
            elif job.partition not in self._store.ids:
                group.answers.append(
                    (job.reply, LogUnavailable(f"no such partition: {job.partition}"))
                )
            else:
                ready.append(job)
        if ready:
            now = milliseconds(self._clock.now())
            offsets = self._store.append([(job.partition, job.entries) for job in ready], now)
            group.answers.extend((job.reply, at) for job, at in zip(ready, offsets, strict=True))

    def _change(self, group: _Group) -> None:
        if group.changes:
            outcomes = self._store.in_transaction(
                lambda: [_outcome(job.work, self._store) for job in group.changes]
            )
            replies = [job.reply for job in group.changes]
            group.answers.extend(zip(replies, outcomes, strict=True))

    def _deliver(
        self,
        answers: list[tuple[asyncio.Future[Any], Any]],
        heads: Mapping[Partition, int],
        written_round: int,
    ) -> None:
        self._round = written_round
        self._publish(heads)
        _answer(answers)

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        # A loop that is gone has nobody left who waits for the answer.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *arguments)


def _outcome(work: Callable[[Store], Any], store: Store) -> Any:
    try:
        return work(store)
    except PatchbayError as error:
        return error


def _answer(answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for reply, outcome in answers:
        if reply.done():  # whoever waited was cancelled
            continue
        if isinstance(outcome, Exception):
            reply.set_exception(outcome)
        else:
            reply.set_result(outcome)
