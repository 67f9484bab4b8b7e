"""What becomes a version of the rules, and what an owner wrote who had been replaced."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.router.keeper import Keeper
from shared.errors import LogUnavailable
from shared.events.routing import Change, Configured, Decision, ShardOwned
from shared.log import Entry, Log, Partition, Record, Sink
from shared.rules import Rules
from shared.sqlite import SqliteLog
from shared.topics import ROUTING, RULES, TOPICS
from shared.versions import RulesBook, read_versions
from tests.router.shards import WORKSPACE, configuration

HERE = Partition(ROUTING.name, 0)


def owned(epoch: int) -> ShardOwned:
    return ShardOwned(epoch=epoch, instance=f"i{epoch}", at=1)


def configured(epoch: int, seq: int, version: int, digest: str = "d") -> Decision:
    event = Configured(digest, Rules(), 1, Change(version, "apply", "ada"))
    return Decision(
        epoch=epoch,
        seq=seq,
        at=1,
        workspace=WORKSPACE,
        cause="cmd",
        inbound=0,
        commands=0,
        events=(event,),
    )


def record(offset: int) -> Record:
    return Record(HERE, offset, b"0", b"", 1)


class Shop:
    """A keeper on a log, with what it has kept."""

    def __init__(self, log: Log, sink: Sink) -> None:
        self.log = log
        self.book = RulesBook(configuration({WORKSPACE: Rules()}), 1)
        self.keeper = Keeper(sink, self.book, 1)

    async def take(self, *data: ShardOwned | Decision, first: int = 0) -> None:
        for offset, one in enumerate(data, first):
            await self.keeper.take(record(offset), one)

    async def kept(self) -> list[tuple[int, int, str]]:
        found = (await read_versions(self.log, [Partition(RULES.name, 0)])).get(WORKSPACE)
        history = [] if found is None else found.history
        return [(one.version, one.epoch, one.digest) for one in history]


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    async with SqliteLog(":memory:") as log, log.sink() as sink:
        await log.create_topics(dict.fromkeys(TOPICS, 1))
        yield Shop(log, sink)


async def test_what_was_decided_is_kept(shop: Shop) -> None:
    await shop.take(owned(1), configured(1, 1, 1), configured(1, 2, 2, "e"))

    assert await shop.kept() == [(2, 1, "e"), (1, 1, "d")]
    assert shop.book.versions(WORKSPACE).in_force is not None


async def test_what_a_replaced_owner_wrote_is_none(shop: Shop) -> None:
    await shop.take(owned(1), configured(1, 1, 1), owned(2), configured(1, 2, 2, "void"))

    assert await shop.kept() == [(1, 1, "d")]


async def test_a_record_that_comes_again_is_kept_again_and_counts_once(shop: Shop) -> None:
    """After a failure, and after the group has gone back."""
    data: list[ShardOwned | Decision] = [owned(1), configured(1, 1, 1)]
    await shop.take(*data)
    await shop.take(data[1], first=1)
    await shop.take(*data)

    assert await shop.kept() == [(1, 1, "d")]


async def test_what_could_not_be_kept_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record was judged the first time: as a repetition it would be passed over."""

    async def away(_partition: Partition, _entry: Entry) -> int:
        raise LogUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(shop.keeper._sink, "append", away, raising=False)
        with pytest.raises(LogUnavailable):
            await shop.take(owned(1), configured(1, 1, 1))
    assert await shop.kept() == []

    await shop.take(configured(1, 1, 1), first=1)

    assert await shop.kept() == [(1, 1, "d")]
