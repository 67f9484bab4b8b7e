"""The log on one SQLite file."""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from shared.clock import Clock, SystemClock
from shared.errors import LogUnavailable, RecordTooLarge
from shared.log import MAX_APPEND_BYTES, Entry, Partition, Retention, Sink, Source, weight
from shared.sqlite.committer import Committer
from shared.sqlite.groups import Membership
from shared.sqlite.member import Member, Rhythm
from shared.sqlite.presence import Presence
from shared.sqlite.retention import Janitor
from shared.sqlite.schema import IN_MEMORY, connect
from shared.sqlite.source import Reader
from shared.sqlite.store import Store


class SqliteLog:
    """`shared.log.Log` on one file, or in memory (":memory:") for unit tests.

    Use it as a context manager, in one event loop. Several processes may use one file: they
    share its groups, and see each other's records after some 50 ms.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Clock | None = None,
        retention: Mapping[str, Retention] | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._path = str(path)
        self._clock = clock or SystemClock()
        self._retention = retention or {}
        self._rhythm = rhythm or Rhythm()
        self._presence = Presence(self._path)
        self._sources: set[Reader] = set()
        self.heads: dict[Partition, int] = {}
        self.ids: dict[Partition, int] = {}
        self.reading: sqlite3.Connection
        self._committer: Committer
        self._janitor: Janitor

    async def __aenter__(self) -> Self:
        in_memory = self._path == IN_MEMORY
        writing, self.reading = await asyncio.to_thread(self._connect, in_memory)
        store = Store(writing)
        self.ids = store.ids
        self._committer = Committer(store, self._clock, self._publish, shared_file=not in_memory)
        self._committer.start()
        self._publish(store.heads)
        self._janitor = Janitor(self._committer, self._clock, self._retention)
        self._janitor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._janitor.stop()
        await self._committer.stop()
        self.reading.close()
        self._presence.leave()

    def _connect(self, in_memory: bool) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """A connection to write with, and one to read with. Raises LogUnavailable."""
        try:
            if in_memory:
                # The database is its connection; SQLite serialises the two threads that use it.
                only = connect(self._path)
                return only, only
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            with self._presence.entering() as alone:
                return connect(self._path, forget=alone), connect(self._path)
        except (sqlite3.Error, OSError) as error:
            raise LogUnavailable(f"{self._path}: {error}") from error

    async def create_topics(self, partitions: Mapping[str, int]) -> None:
        wanted = [(topic, number) for topic, count in partitions.items() for number in range(count)]

        def work(store: Store) -> None:
            store.connection.execute(
                "INSERT INTO partitions (topic, number)"
                " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]')"
                " FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
                (json.dumps(wanted),),
            )
            store.refresh()

        await self._committer.change(work)

    @asynccontextmanager
    async def sink(self) -> AsyncIterator[Sink]:
        sink = _Sink(self._committer)
        try:
            yield sink
        finally:
            await sink.flush()

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Source]:
        session = round(self._rhythm.session * 1000)
        me = Membership(group, str(uuid.uuid4()), tuple(topics), session)

        def nudge_others() -> None:
            for source in self._sources:
                if isinstance(source, Member) and source.group == group and source is not member:
                    source.nudge()

        member = Member(self, self._committer, me, self._rhythm, nudge_others)
        self._sources.add(member)
        try:
            await member.join()
            yield member
        finally:
            self._sources.discard(member)
            await member.leave()

    @asynccontextmanager
    async def read(self, positions: Mapping[Partition, int]) -> AsyncIterator[Source]:
        if unknown := [partition for partition in positions if partition not in self.ids]:
            raise LogUnavailable(f"no such partition: {unknown}")
        reader = Reader(self, positions)
        self._sources.add(reader)
        try:
            yield reader
        finally:
            self._sources.discard(reader)

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        def work(store: Store) -> Mapping[Partition, tuple[int, int]]:
            store.refresh()
            if unknown := [partition for partition in partitions if partition not in store.ids]:
                raise LogUnavailable(f"no such partition: {unknown}")
            return {p: (store.firsts[p], store.heads[p]) for p in partitions}

        return await self._committer.change(work)

    def _publish(self, heads: Mapping[Partition, int]) -> None:
        self.heads.update(heads)
        for source in self._sources:
            source.told(heads)


class _Sink:
    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._pending: set[asyncio.Future[int]] = set()

    async def append(self, partition: Partition, entry: Entry) -> int:
        return await self.append_batch(partition, (entry,))

    async def append_batch(self, partition: Partition, entries: Sequence[Entry]) -> int:
        if not entries:
            raise ValueError("an empty batch has no offset")
        size = weight(entries)
        if size > MAX_APPEND_BYTES:
            raise RecordTooLarge(f"{size} bytes")
        reply = self._committer.append(partition, tuple(entries), size)
        self._pending.add(reply)
        reply.add_done_callback(self._pending.discard)
        return await reply

    async def flush(self) -> None:
        """Wait until everything handed over has been written, or has failed."""
        if self._pending:
            await asyncio.wait(self._pending)
